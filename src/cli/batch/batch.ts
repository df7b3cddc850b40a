/** `translate --batch`: a transaction a line in, an answer a line out, in order. */

import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { UserError } from '../../bits/user-error.ts';
import type { Smmu } from '../../model/smmu.ts';
import { type Io, LineWriter, NO, OK } from '../io.ts';
import { answerOf } from './answer.ts';
import { readRequest } from './request.ts';

/** Longest line that is looked at. */
const LINE_LIMIT = 65_536;

/**
 * Answers every line of a file, `-` for standard input.
 * @returns OK when every line was answered, also by a fault; NO when the model could not say for some
 * @throws UserError naming the line that is no transaction
 */
export async function runBatch(smmu: Smmu, file: string, io: Io): Promise<number> {
  const name = file === '-' ? 'standard input' : file;
  const out = new LineWriter(io);
  let unanswered = 0;
  let number = 0;
  try {
    const input = file === '-' ? process.stdin : await opened(file);
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      number++;
      if (line.trim() === '') continue;
      if (line.length > LINE_LIMIT) throw new UserError('is too long', { where: `${name}, line ${number}` });
      const request = readRequest(line, `${name}, line ${number}`);
      const answer =
        'transaction' in request
          ? answerOf(smmu.translate(request.transaction))
          : notModelled(request.reason);
      if (!answer.ok && answer.outcome === 'not-modelled') unanswered++;
      out.line(JSON.stringify(answer));
      // Whoever feeds standard input line by line waits for the answer.
      if (file === '-') out.flush();
    }
  } catch (error) {
    throw readable(error, name);
  } finally {
    out.flush();
  }
  if (unanswered === 0) return OK;
  io.err(`${unanswered} of ${number} lines ask for what this version does not model`);
  return NO;
}

/** Opened before it is read: readline would not tell of a file that is not there. */
async function opened(file: string): Promise<NodeJS.ReadableStream> {
  return (await open(file)).createReadStream();
}

function notModelled(reason: string): ReturnType<typeof answerOf> {
  return { ok: false, outcome: 'not-modelled', event: null, record: null, reason };
}

function readable(error: unknown, name: string): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT')
    return new UserError('does not exist', { where: name, todo: 'check the path after --batch' });
  if (code === 'EISDIR')
    return new UserError('is a directory', { where: name, todo: 'name a file after --batch' });
  if (code === 'EACCES')
    return new UserError('may not be read', { where: name, todo: 'check its permissions' });
  return error;
}
