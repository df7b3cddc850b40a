/** `translate --batch`: a transaction a line in, an answer a line out, in order. */

import type { Smmu } from '../../model/smmu.ts';
import { type Io, LineWriter, NO, OK } from '../io.ts';
import { linesOf, nameOf } from '../lines.ts';
import { answerOf } from './answer.ts';
import { readRequest } from './request.ts';

/** Characters of the longest line. */
const LINE_LIMIT = 65_536;

/**
 * Answers every line of a file, `-` for standard input.
 * @returns OK when every line was answered, also by a fault; NO when the model could not say for some
 * @throws UserError naming the line that is no transaction; the lines before it are answered
 */
export async function runBatch(smmu: Smmu, file: string, io: Io): Promise<number> {
  const out = new LineWriter(io);
  let unanswered = 0;
  let lines = 0;
  try {
    for await (const { text, number } of linesOf(file, LINE_LIMIT)) {
      lines++;
      const request = readRequest(text, `${nameOf(file)}, line ${number}`);
      const answer =
        'transaction' in request
          ? answerOf(smmu.translate(request.transaction), request.transaction)
          : notModelled(request.reason);
      if (!answer.ok && answer.outcome === 'not-modelled') unanswered++;
      out.line(JSON.stringify(answer));
      // Whoever feeds standard input line by line waits for the answer.
      if (file === '-') out.flush();
    }
  } finally {
    out.flush();
  }
  if (unanswered === 0) return OK;
  io.err(`${unanswered} of ${lines} lines ask for what this version does not model`);
  return NO;
}

function notModelled(reason: string): ReturnType<typeof answerOf> {
  return { ok: false, outcome: 'not-modelled', event: null, record: null, reason };
}
