import type { Clock } from '../../src/control/clock.ts';

/** A clock that gives way to the event loop after `slice` questions for the time. */
export function testClock(slice = 1000): Clock & { breaths: number } {
  let asked = 0;
  return {
    breaths: 0,
    now: () => (asked++ / slice) * 20,
    async breathe() {
      this.breaths++;
      await Promise.resolve();
    },
  };
}
