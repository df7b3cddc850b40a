import type { Field } from '../../bits/field.ts';
import { hex, type U64 } from '../../bits/u64.ts';
import { UserError } from '../../bits/user-error.ts';
import { valueByName } from '../../bits/values.ts';
import { parseExpression } from '../../control/expression/parse.ts';
import { isBag, type Scope, type Value } from '../../control/expression/value.ts';
import { bitsText } from '../../inspect/rows.ts';
import type { Slot } from './slot.ts';

/** A value with its meaning behind it, as variables show it: what stands in the brackets says nothing new. */
const LABELLED = /^(\S+) \(.*\)$/s;
const LOW_32 = 0xffff_ffffn;

/**
 * What somebody typed as the value of a field: a name of a value, a number, or an expression.
 * @throws UserError that names the field, its range and the names of its values
 */
export function parseValue(slot: Slot, text: string, scope: Scope): U64 {
  const trimmed = text.trim();
  const typed = LABELLED.exec(trimmed)?.[1] ?? trimmed;
  const { field } = slot;
  const named = valueByName(field, typed);
  if (named !== undefined) return { hi: 0, lo: named };
  const value = numberOf(slot, typed, scope);
  if (value < 0n || (value & ~bitsOf(field)) !== 0n) {
    throw new UserError(`${typed} does not fit ${bitsText(field)}`, {
      where: slot.name,
      todo: rangeOf(field),
    });
  }
  return { hi: Number(value >> 32n), lo: Number(value & LOW_32) };
}

function numberOf(slot: Slot, text: string, scope: Scope): bigint {
  let value: Value;
  try {
    value = parseExpression(text).evaluate(scope);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`"${text}" is no value: ${error.what}`, {
      where: slot.name,
      todo: rangeOf(slot.field),
    });
  }
  const counted = isBag(value) ? value.whole : value;
  if (typeof counted === 'bigint') return counted;
  if (typeof counted === 'boolean') return counted ? 1n : 0n;
  throw new UserError(`"${text}" is no number`, { where: slot.name, todo: rangeOf(slot.field) });
}

/** The bits that a value may have; an address stands in place. */
function bitsOf({ width, address, lsb }: Field): bigint {
  const mask = (1n << BigInt(width)) - 1n;
  return address === true ? mask << BigInt(lsb & 63) : mask;
}

/** `write 0 to 0x7, or S1, S2, …`. */
function rangeOf(field: Field): string {
  const bits = bitsOf(field);
  const most = `0x${bits.toString(16)}`;
  const step =
    field.address === true && (field.lsb & 63) > 0 ? ` in steps of ${hex(2 ** (field.lsb & 63))}` : '';
  const names = Object.keys(field.names ?? {});
  return `write 0 to ${most}${step}${names.length === 0 ? '' : `, or ${names.join(', ')}`}`;
}
