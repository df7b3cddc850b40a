/** Which function executes a command. The compiler names a kind that has none. */

import type { CommandSpec } from '../../spec/commands.ts';
import { invalidateConfig } from './config.ts';
import type { Handler } from './context.ts';
import { invalidateDpt } from './dpt.ts';
import { prefetch } from './prefetch.ts';
import { synchronise } from './sync.ts';
import { invalidateTlb } from './tlbi.ts';

/** Commands to endpoints: none is modelled. */
const nothingToDo: Handler = (c) => {
  c.recorder?.step('decide', 'nothing that this command acts on is modelled');
};

/** What executes a legal command, by its kind: the compiler names a kind without one. */
export const HANDLERS: Readonly<Record<CommandSpec['kind'], Handler>> = {
  prefetch,
  config: invalidateConfig,
  tlb: invalidateTlb,
  sync: synchronise,
  ats: nothingToDo,
  dpt: invalidateDpt,
  stall: nothingToDo,
};
