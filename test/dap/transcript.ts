/** A session that is always the same, as a text: what a user sees on the way. */

import type { DebugProtocol } from '@vscode/debugprotocol';
import type { DapClient } from '../kit/dap.ts';
import { CLIENT, FIRST, SCRIPT, scopeReference } from './drive.ts';

/** Variables of a scope that are written down: all of an STE are many. */
const SHOWN = 10;

type Stopped = DebugProtocol.StoppedEvent['body'];

/** Takes back whatever an earlier use of the session has set. */
async function clearBreakpoints(client: DapClient): Promise<void> {
  const none = { breakpoints: [] };
  await client.ask('setBreakpoints', { source: { path: SCRIPT }, ...none });
  for (const kind of ['Function', 'Data', 'Instruction']) await client.ask(`set${kind}Breakpoints`, none);
  await client.ask('setExceptionBreakpoints', { filters: ['F_TRANSLATION'] });
}

/** Runs the script of the tests of the protocol, and writes down what is seen. */
export async function transcriptOf(client: DapClient): Promise<string> {
  const lines: string[] = [];
  const say = async ({ reason, text = '' }: Stopped): Promise<void> => {
    lines.push(`stopped: ${reason} ${text}`.trimEnd());
    for (const { name, line, source } of await client.frames(FIRST)) {
      lines.push(`  ${name}, ${source?.name ?? 'nowhere'}:${line}`);
    }
  };
  const scope = async (name: string): Promise<void> => {
    lines.push(`${name}:`);
    const variables = await client.children(await scopeReference(client, name));
    for (const variable of variables.slice(0, SHOWN)) {
      lines.push(`  ${variable.name} = ${variable.value}`);
    }
  };
  const evaluate = async (expression: string): Promise<void> => {
    const text = await client
      .evaluate(expression)
      .catch((error: Error) => error.message.split(/[;,]/)[0] ?? '');
    lines.push(`> ${expression}`, text);
  };
  await client.ask('initialize', { ...CLIENT, clientID: 'golden' });
  await clearBreakpoints(client);
  client.forgetEvents();
  const launched = client.ask('launch', { program: SCRIPT });
  await client.ask('configurationDone');
  await launched;
  await say(await client.stopped());
  await client.ask('setBreakpoints', { source: { path: SCRIPT }, breakpoints: [{ line: 7 }] });
  await say(await client.move('continue', FIRST));
  for (let i = 0; i < 3; i++) await say(await client.move('stepIn', FIRST));
  for (const name of ['Transaction', 'STE', 'Pending']) await scope(name);
  await say(await client.move('stepBack', FIRST));
  await say(await client.move('stepOut', FIRST));
  await say(await client.move('continue', FIRST));
  const { description } = await client.ask<DebugProtocol.ExceptionInfoResponse['body']>('exceptionInfo', {
    threadId: FIRST,
  });
  lines.push(description ?? '');
  await evaluate('ste 8');
  await evaluate('reg CR0');
  await evaluate('why sid=8 iova=0x30000');
  await evaluate('nonsense at=once');
  await say(await client.move('reverseContinue', FIRST));
  await say(await client.move('reverseContinue', FIRST));
  await client.ask('setExceptionBreakpoints', { filters: [] });
  await client.ask('setBreakpoints', { source: { path: SCRIPT }, breakpoints: [] });
  await client.ask('continue', { threadId: FIRST });
  lines.push(`exited: ${JSON.stringify(await client.event('exited'))}`);
  await client.event('terminated');
  return `${lines.join('\n')}\n`;
}
