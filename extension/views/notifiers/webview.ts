import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import { type Page, pageHtml } from './page.ts';

/** The scripts of pages, as they are built. */
export type PageScript = 'webview-events.js' | 'webview-tables.js';

/** Fills a webview with a page of the extension's own files. */
export function fillWebview(
  webview: vscode.Webview,
  extension: vscode.Uri,
  script: PageScript,
  page: Page,
): void {
  const folders = ['dist', 'media'].map((name) => vscode.Uri.joinPath(extension, name));
  const uri = (...names: string[]): string =>
    webview.asWebviewUri(vscode.Uri.joinPath(extension, ...names)).toString();
  webview.options = { enableScripts: true, localResourceRoots: folders };
  webview.html = pageHtml(
    { cspSource: webview.cspSource, style: uri('media', 'notifiers.css'), script: uri('dist', script) },
    page,
    randomBytes(18).toString('base64'),
  );
}

/** Saves a text where the user says, and shows it. */
export async function saveAs(name: string, texts: Readonly<Record<string, () => string>>): Promise<void> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const kinds = Object.keys(texts);
  const uri = await vscode.window.showSaveDialog({
    title: 'Export',
    filters: Object.fromEntries(kinds.map((kind) => [kind.toUpperCase(), [kind]])),
    ...(folder ? { defaultUri: vscode.Uri.joinPath(folder, `${name}.${kinds[0]}`) } : {}),
  });
  if (!uri) return;
  const kind = kinds.find((ending) => uri.path.toLowerCase().endsWith(`.${ending}`)) ?? kinds[0];
  const text = texts[kind ?? '']?.() ?? '';
  await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(text));
  await vscode.window.showTextDocument(uri, { preview: true });
}
