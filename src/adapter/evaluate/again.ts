import { UserError } from '../../bits/user-error.ts';
import type { ConsoleCommand } from './command.ts';
import { runTransaction } from './translate.ts';

/** Runs the last transaction once more, on the SMMU as it is now. */
export const again: ConsoleCommand = {
  name: 'again',
  usage: 'again [step]',
  help: 'runs the last transaction once more, after what was changed since',
  words: ['step'],
  changes: true,
  run(session, rest) {
    const { debuggee } = session;
    debuggee.requireStopped();
    const word = rest.trim();
    if (word !== '' && word !== 'step')
      throw new UserError(`"${word}" is not understood`, { todo: 'write again' });
    const standing = debuggee.debugger.position('dma');
    const last = standing.at === 'operation' ? standing.plan : debuggee.debugger.lastTransaction;
    if (last?.operation.kind !== 'transaction') {
      throw new UserError('there is no transaction to run again', {
        todo: 'write translate sid=8 iova=0x1000',
      });
    }
    return runTransaction(session, last.operation.transaction, word === 'step');
  },
};
