import type { Hit, StopKind } from './stop.ts';

/** The filter that stops at an expectation that does not come true. */
export const EXPECT_FAILED = 'expect-failed';

/** An `expect` of a script, or the answer of a trace, is not what the model says. Programs tell; no step of a plan does. */
export const expectFailed: StopKind = {
  filters: [
    {
      id: EXPECT_FAILED,
      label: 'Expectation failed',
      description: 'An expect line of a script does not come true.',
      byDefault: true,
    },
  ],
  match: () => null,
  mayMatch: () => false,
};

/** The stop at an expectation that fails: before all steps. */
export function failedHit(text: string): Hit {
  return { filter: EXPECT_FAILED, step: -1, reason: 'exception', ids: [], text };
}
