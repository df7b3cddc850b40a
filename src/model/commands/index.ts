/** Which function executes a command. The compiler names a kind that has none. */

import type { CommandSpec } from '../../spec/commands.ts';
import { invalidateAtc, respondToPages } from './ats.ts';
import { invalidateConfig } from './config.ts';
import type { Handler } from './context.ts';
import { invalidateDpt } from './dpt.ts';
import { prefetch } from './prefetch.ts';
import { resume, terminateStream } from './stall.ts';
import { synchronise } from './sync.ts';
import { invalidateTlb } from './tlbi.ts';

/** What executes a legal command, by its kind. */
export const HANDLERS: Readonly<Record<CommandSpec['kind'], Handler>> = {
  prefetch,
  config: invalidateConfig,
  tlb: invalidateTlb,
  sync: synchronise,
  'atc-invalidate': invalidateAtc,
  'page-response': respondToPages,
  dpt: invalidateDpt,
  resume,
  'stall-terminate': terminateStream,
};
