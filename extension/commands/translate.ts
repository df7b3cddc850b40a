import * as vscode from 'vscode';
import { hex64, parseHex64 } from '../../src/bits/u64.ts';
import { parseStreamId } from '../../src/inspect/stream-id.ts';
import { COMMANDS } from '../manifest.ts';
import type { Sessions } from '../sessions.ts';

/** What to translate; what is missing is asked for. */
export interface Wish {
  readonly sid?: number;
  readonly ssid?: number;
  readonly iova?: string;
  readonly write?: boolean;
  /** An address to offer in the question. */
  readonly near?: string;
}

const LAST_IOVA = new WeakMap<vscode.DebugSession, string>();

/**
 * Runs one transaction in the shown session. An answer is shown; a fault stops the session, and the stop says why.
 * @param preset a tree node or an object with any of sid, ssid, iova, write
 * @returns the answer in words, or undefined when the user cancelled
 */
export async function translate(sessions: Sessions, preset: unknown): Promise<string | undefined> {
  const session = sessions.current;
  if (!session) {
    await offerDump();
    return undefined;
  }
  const asked = await askForTransaction(session, wishOf(preset), 'Translate Address');
  if (!asked) return undefined;
  const { sid } = asked;
  const expression = `translate ${asked.words}`;
  const answer: { result: string } = await session.customRequest('evaluate', { expression });
  vscode.debug.activeDebugConsole.appendLine(`${expression}\n${answer.result}`);
  const stopped = answer.result.startsWith('stopped');
  // A stop shows itself in the editor and the call stack; a message would only cover it.
  if (stopped) await vscode.commands.executeCommand('workbench.view.debug');
  else void vscode.window.showInformationMessage(`StreamID 0x${sid.toString(16)}: ${answer.result}`);
  return answer.result;
}

/**
 * Asks for what is missing of a transaction.
 * @param title what it is for
 * @returns its StreamID, and the transaction in the words of the debug console; undefined when the user cancelled
 */
export async function askForTransaction(
  session: vscode.DebugSession,
  wish: Wish,
  title: string,
): Promise<{ readonly sid: number; readonly words: string } | undefined> {
  const sid = wish.sid ?? (await askForStream(title));
  if (sid === undefined) return undefined;
  const iova = wish.iova ?? (await askForAddress(title, sid, wish.near ?? LAST_IOVA.get(session)));
  if (iova === undefined) return undefined;
  const write = wish.write ?? (await askForAccess(title, sid, iova));
  if (write === undefined) return undefined;
  LAST_IOVA.set(session, iova);
  const ssid = wish.ssid === undefined ? '' : ` ssid=${wish.ssid}`;
  return { sid, words: `sid=0x${sid.toString(16)} iova=${iova}${ssid}${write ? ' write' : ''}` };
}

async function offerDump(): Promise<void> {
  const open = 'Open Memory Dump…';
  const answer = await vscode.window.showInformationMessage(
    'Translating an address needs an SMMU session: open a memory dump or start a configuration of launch.json first.',
    open,
  );
  if (answer === open) await vscode.commands.executeCommand(COMMANDS.openDump);
}

function wishOf(preset: unknown): Wish {
  if (typeof preset !== 'object' || preset === null) return {};
  const from: Readonly<Record<string, unknown>> = { ...preset };
  const { sid, ssid, iova, write, kind } = from;
  // A row of the tree stands for a whole range: its address is a good start, but the user's to choose.
  const address = typeof iova !== 'string' ? {} : typeof kind === 'string' ? { near: iova } : { iova };
  return {
    ...(typeof sid === 'number' && { sid }),
    ...(typeof ssid === 'number' && { ssid }),
    ...address,
    ...(typeof write === 'boolean' && { write }),
  };
}

async function askForStream(title: string): Promise<number | undefined> {
  const text = await vscode.window.showInputBox({
    title: `${title} (1/3): StreamID`,
    prompt: 'Which stream does the transaction come from?',
    placeHolder: '8, 0x8 or a PCI address such as 00:01.0',
    ignoreFocusOut: true,
    validateInput: (value) =>
      parseStreamId(value) === null ? 'A StreamID is needed: 8, 0x8 or 00:01.0.' : undefined,
  });
  return text === undefined ? undefined : (parseStreamId(text) ?? undefined);
}

async function askForAddress(title: string, sid: number, offered = ''): Promise<string | undefined> {
  const text = await vscode.window.showInputBox({
    title: `${title} (2/3): IOVA in Stream 0x${sid.toString(16)}`,
    prompt: 'Which address does the device put on the bus?',
    placeHolder: '0xfff57000',
    value: offered,
    ignoreFocusOut: true,
    validateInput: (value) =>
      parseHex64(value) === null ? 'A 64-bit address is needed, such as 0xfff57000.' : undefined,
  });
  const address = text === undefined ? null : parseHex64(text);
  return address ? hex64(address.hi, address.lo) : undefined;
}

async function askForAccess(title: string, sid: number, iova: string): Promise<boolean | undefined> {
  const choice = await vscode.window.showQuickPick(
    [
      { label: '$(arrow-down) Read', description: 'the device reads memory', write: false },
      { label: '$(arrow-up) Write', description: 'the device writes memory', write: true },
    ],
    {
      title: `${title} (3/3): Access to ${iova} by Stream 0x${sid.toString(16)}`,
      ignoreFocusOut: true,
    },
  );
  return choice?.write;
}
