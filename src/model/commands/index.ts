/** Which function executes a command. The compiler names a kind that has none. */

import type { CommandSpec } from '../../spec/commands.ts';
import { invalidateAtc, respondToPages } from './ats.ts';
import { invalidateConfig } from './config.ts';
import type { CommandContext, CommandFailure, Handler } from './context.ts';
import { invalidateDpt } from './dpt.ts';
import { prefetch } from './prefetch.ts';
import { resume, terminateStream } from './stall.ts';
import { synchronise } from './sync.ts';
import { invalidateTlb } from './tlbi.ts';

/** What executes a legal command, by its kind: the compiler names a kind without one. */
const HANDLERS: Readonly<Record<Exclude<CommandSpec['kind'], 'sync'>, Handler>> = {
  prefetch,
  config: invalidateConfig,
  tlb: invalidateTlb,
  'atc-invalidate': invalidateAtc,
  'page-response': respondToPages,
  dpt: invalidateDpt,
  resume,
  'stall-terminate': terminateStream,
};

/**
 * Executes a legal command.
 * @returns why it cannot be completed: only a CMD_SYNC can fail (7.1)
 */
export function execute(c: CommandContext): CommandFailure | undefined {
  const { kind } = c.spec;
  if (kind === 'sync') return synchronise(c);
  HANDLERS[kind](c);
  return undefined;
}
