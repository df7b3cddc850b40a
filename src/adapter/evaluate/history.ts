import { UserError } from '../../bits/user-error.ts';
import { announce } from '../execution.ts';
import { historyPage, rewindTo } from '../history.ts';
import type { ConsoleCommand } from './command.ts';
import { numberIn } from './words.ts';

const SHOWN = 20;
const BITS = 32;
const BACK_USAGE = 'back N';

/** Lists what was done last. */
export const history: ConsoleCommand = {
  name: 'history',
  usage: 'history [n]',
  help: 'lists the last operations with their numbers; back takes them back',
  words: [],
  run(session, rest) {
    const count = rest.trim() === '' ? SHOWN : numberIn(rest.trim(), 'n', BITS, 'history [n]');
    const { history: all } = session.debuggee.debugger;
    const { entries } = historyPage(session.debuggee, Math.max(0, all.length - count), count);
    if (entries.length === 0) return { value: 'nothing has been done yet' };
    const width = String(all.length).length;
    return {
      value: entries
        .map(({ index, thread, text }) => `${String(index).padStart(width)}  ${thread.padEnd(8)}  ${text}`)
        .join('\n'),
    };
  },
};

/** Goes back to before an operation of the history. */
export const back: ConsoleCommand = {
  name: 'back',
  usage: BACK_USAGE,
  help: 'goes back to before operation N of the history',
  words: [],
  changes: true,
  run(session, rest) {
    const to = numberIn(rest.trim(), 'N', BITS, BACK_USAGE);
    const before = session.debuggee.debugger.history.length;
    if (to > before) {
      throw new UserError(`there are only ${before} operations in the history`, { todo: 'write history' });
    }
    const stop = rewindTo(session, to);
    session.afterResponse(() => announce(session, stop));
    return { value: `back before operation ${to}: ${before - to} taken back` };
  },
};
