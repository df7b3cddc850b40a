import * as vscode from 'vscode';
import { DEBUG_TYPE, SCHEME, SCRIPT_LANGUAGE } from '../manifest.ts';
import { request } from '../requests.ts';

/** Why a recorded event, a queue that does not move, or the statement of the program came to what it did. */
export function registerWhyHover(): vscode.Disposable {
  return vscode.languages.registerHoverProvider([{ scheme: SCHEME }, { language: SCRIPT_LANGUAGE }], {
    async provideHover({ uri }, { line }) {
      const session = vscode.debug.activeDebugSession;
      if (session?.type !== DEBUG_TYPE) return null;
      const name = uri.scheme === SCHEME ? uri.toString() : uri.fsPath;
      try {
        const { text } = await request(session, 'smmu/why', { uri: name, line: line + 1 });
        return text === null
          ? null
          : new vscode.Hover(new vscode.MarkdownString().appendCodeblock(text, 'text'));
      } catch {
        // The session is not ready, or over.
        return null;
      }
    },
  });
}
