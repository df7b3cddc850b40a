/** Statements of granule protection, and accesses without StreamID. */

import type { Field } from '../../../bits/field.ts';
import { valueByName } from '../../../bits/values.ts';
import { withoutStream } from '../../../model/gpc/output.ts';
import { type Operation, transaction } from '../../../model/plan.ts';
import { GPI } from '../../../spec/encodings.ts';
import { PROTECTED_SIZE, PROTECTION_GRANULE } from '../../../spec/registers/encodings.ts';
import type { Draft } from '../build/draft.ts';
import { invalidateGpt, type ShapeWish, setGpi, switchGpc, updateGpt } from '../build/granule.ts';
import { numberOf, PlacedError, type Reading } from './reading.ts';
import { halves, pagesOf } from './traffic.ts';

const PA_LIMIT = 1n << 52n;

/** The range that a statement names. */
function granules(reading: Reading): { readonly pa: number; readonly size: number } {
  return { pa: Number(reading.count('address', PA_LIMIT)), size: Number(reading.count('size', PA_LIMIT)) };
}

function isGpi(name: string): name is keyof typeof GPI.names {
  return Object.hasOwn(GPI.names, name);
}

function gpiOf(reading: Reading): number {
  const word = reading.word('gpi');
  if (!isGpi(word.text)) throw new PlacedError(word, `there is no GPI ${word.text}`);
  return GPI.names[word.text];
}

/** The shape that a statement asks for of a table that it makes. */
function wishOf(reading: Reading): ShapeWish {
  const code = (name: string, of: Pick<Field, 'names'>): number | null => {
    const word = reading.argument(name);
    return word === null ? null : (valueByName(of, word.text) ?? reading.fail(`there is no ${word.text}`));
  };
  return { pgs: code('pgs', PROTECTION_GRANULE), pps: code('pps', PROTECTED_SIZE) };
}

/** `gpt`: GPIs of a range. */
export function protect(draft: Draft, reading: Reading): readonly Operation[] {
  const contiguous = reading.argument('contiguous');
  const contiguousLog2 =
    contiguous === null ? null : numberOf(contiguous, reading.scope).toString(2).length - 1;
  const range = { ...granules(reading), gpi: gpiOf(reading), contiguousLog2, next: reading.flag('next') };
  return setGpi(draft, range, wishOf(reading));
}

/** `gpc`: on, off, another table, or an invalidation. */
export function switched(draft: Draft, reading: Reading): readonly Operation[] {
  const what = reading.word('what').text;
  const named = reading.bound.words.has('address');
  if (what !== 'on' && (reading.argument('pgs') ?? reading.argument('pps')) !== null)
    reading.fail(`gpc ${what} makes no table; leave pgs= and pps= out`);
  if (what !== 'invalidate') {
    if (named) reading.fail(`gpc ${what} has no range`);
    return what === 'update' ? updateGpt(draft) : switchGpc(draft, what === 'on', wishOf(reading));
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
