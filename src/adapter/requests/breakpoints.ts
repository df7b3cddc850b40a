import type { Args } from '../args.ts';
import type { Handlers } from '../handler.ts';

const NOT_YET = 'Breakpoints on lines are not supported by this version; use the exception filters';

function unverified(args: Args): object {
  const list = args['breakpoints'];
  return {
    breakpoints: (Array.isArray(list) ? list : []).map(() => ({ verified: false, message: NOT_YET })),
  };
}

/** Clients ask whether they may or not; every breakpoint gets an answer. */
export const BREAKPOINTS: Handlers = {
  setBreakpoints: (_session, args) => unverified(args),
  setFunctionBreakpoints: (_session, args) => unverified(args),
};
