/** Statements of granule protection, and accesses without StreamID. */

import { withoutStream } from '../../../model/gpc/output.ts';
import { type Operation, transaction } from '../../../model/plan.ts';
import { GPI } from '../../../spec/encodings.ts';
import type { Draft } from '../build/draft.ts';
import { invalidateGpt, switchGpc } from '../build/granule.ts';
import { PlacedError, type Reading } from './reading.ts';
import { halves, pagesOf } from './traffic.ts';

const PA_LIMIT = 1n << 52n;

/** The range that a statement names. */
export function granules(reading: Reading): { readonly pa: number; readonly size: number } {
  return { pa: Number(reading.count('address', PA_LIMIT)), size: Number(reading.count('size', PA_LIMIT)) };
}

function isGpi(name: string): name is keyof typeof GPI.names {
  return Object.hasOwn(GPI.names, name);
}

export function gpiOf(reading: Reading): number {
  const word = reading.word('gpi');
  if (!isGpi(word.text)) throw new PlacedError(word, `there is no GPI ${word.text}`);
  return GPI.names[word.text];
}

/** `gpc`: on, off, or an invalidation. */
export function switched(draft: Draft, reading: Reading): readonly Operation[] {
  const what = reading.word('what').text;
  const named = reading.bound.words.has('address');
  if (what !== 'invalidate') {
    if (named) reading.fail(`gpc ${what} has no range`);
    return switchGpc(draft, what === 'on');
  }
  if (named && !reading.bound.words.has('size'))
    reading.fail('the size is missing; write gpc invalidate ADDR SIZE');
  return invalidateGpt(draft, named ? granules(reading) : null);
}

/** Accesses of a device without StreamID (3.25.1.1): NSE and NS name the space. */
export function accesses(reading: Reading): Operation[] {
  const some = {
    ...withoutStream(reading.world('space')),
    sid: 0,
    write: reading.word('access').text === 'write',
  };
  return pagesOf(reading).map((address): Operation => {
    const { hi, lo } = halves(address);
    return { kind: 'transaction', transaction: transaction({ ...some, vaHi: hi, vaLo: lo }) };
  });
}
