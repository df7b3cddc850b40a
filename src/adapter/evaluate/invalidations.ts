import { findingText } from '../tell.ts';
import { named } from '../variable-node.ts';
import type { ConsoleCommand } from './command.ts';

const percent = (part: number, whole: number): string => `${Math.round((100 * part) / whole)} %`;

/** How much invalidations removed that was still true, and what still waits for one. */
export const invalidations: ConsoleCommand = {
  name: 'invalidations',
  usage: 'invalidations',
  help: 'counts what invalidation commands removed, and how much of it was needless; lists changes without invalidation',
  words: [],
  run({ debuggee }) {
    const { overInvalidation, updates } = debuggee.checkers;
    const tallies = overInvalidation.tallies();
    const pending = updates.pending();
    const lines = tallies.map(
      ({ command, commands, removed, needless }) =>
        `${command}: ${commands} commands removed ${removed} entries, ${needless} of them (${percent(needless, removed)}) still true`,
    );
    if (lines.length === 0) lines.push('no invalidation has removed anything');
    lines.push(...pending.map(findingText));
    return {
      value: lines.join('\n'),
      children: named(() =>
        tallies.map(({ command, commands, removed, needless }) => ({
          name: command,
          value: `${needless} of ${removed} needless`,
          type: `${commands} commands`,
        })),
      ),
    };
  },
};
