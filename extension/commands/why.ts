import * as vscode from 'vscode';
import type { Sessions } from '../sessions.ts';
import { askForTransaction } from './translate.ts';

interface Question extends vscode.QuickPickItem {
  readonly ask: (session: vscode.DebugSession) => Promise<string | undefined>;
}

const just = (text: string) => (): Promise<string> => Promise.resolve(text);

const QUESTIONS: readonly Question[] = [
  {
    label: '$(debug-stackframe) Why does it stand here?',
    description: 'the stop, the transaction at hand, or the queue that does not move',
    ask: just('why'),
  },
  {
    label: '$(arrow-swap) Why does an address lead where it leads?',
    description: 'a transaction that is only imagined; nothing changes',
    ask: askTransaction,
  },
  { label: '$(list-ordered) Why does the command queue not move?', ask: just('why cmdq') },
  { label: '$(list-ordered) Why do no events arrive?', ask: just('why eventq') },
  { label: '$(list-ordered) Why do no page requests arrive?', ask: just('why priq') },
  { label: '$(warning) What do the global errors say?', ask: just('why gerror') },
  {
    label: '$(bell) Why was this event recorded?',
    description: 'by its place in the event queue',
    ask: askEvent,
  },
];

/**
 * Asks the shown session why, and shows the answer on the debug console.
 * @param question what follows `why` on the console; otherwise the user is asked
 */
export async function explain(sessions: Sessions, question: unknown): Promise<string | undefined> {
  const session = sessions.current;
  if (!session) {
    void vscode.window.showInformationMessage('Start an SMMU session first: there is nothing to explain.');
    return undefined;
  }
  const expression = typeof question === 'string' ? `why ${question}`.trim() : await choose(session);
  return expression === undefined ? undefined : onConsole(session, expression);
}

/** Runs the last transaction of the shown session once more, on the SMMU as it is now. */
export async function runAgain(sessions: Sessions): Promise<string | undefined> {
  const session = sessions.current;
  if (!session) {
    void vscode.window.showInformationMessage(
      'Start an SMMU session first: there is no transaction to run again.',
    );
    return undefined;
  }
  return onConsole(session, 'again');
}

/** Evaluates on the debug console, where both the question and the answer stay readable. */
async function onConsole(session: vscode.DebugSession, expression: string): Promise<string> {
  const frameId = focusedFrame(session);
  const answer: { result: string } = await session.customRequest('evaluate', {
    expression,
    context: 'repl',
    ...(frameId === undefined ? {} : { frameId }),
  });
  vscode.debug.activeDebugConsole.appendLine(`${expression}\n${answer.result}`);
  await vscode.commands.executeCommand('workbench.panel.repl.view.focus');
  return answer.result;
}

function focusedFrame(session: vscode.DebugSession): number | undefined {
  const item = vscode.debug.activeStackItem;
  return item instanceof vscode.DebugStackFrame && item.session.id === session.id ? item.frameId : undefined;
}

async function choose(session: vscode.DebugSession): Promise<string | undefined> {
  const choice = await vscode.window.showQuickPick(QUESTIONS, { title: 'Explain' });
  return choice?.ask(session);
}

async function askTransaction(session: vscode.DebugSession): Promise<string | undefined> {
  const transaction = await askForTransaction(session, {}, 'Explain a Transaction');
  return transaction && `why ${transaction.words}`;
}

async function askEvent(): Promise<string | undefined> {
  const index = await vscode.window.showInputBox({
    title: 'Explain an Event',
    prompt: 'Which place of the event queue? The event queue’s document shows the places.',
    placeHolder: '0x9c',
    ignoreFocusOut: true,
    validateInput: (text) =>
      /^(0x[\da-f]+|\d+)$/i.test(text.trim())
        ? undefined
        : 'A place in the queue is needed, such as 3 or 0x9c.',
  });
  return index === undefined ? undefined : `why event ${index.trim()}`;
}
