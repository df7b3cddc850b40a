/** One line of a batch: `{"sid":8,"iova":"0x1000","rw":"r"}` with optional keys. */

import { parseHex64, parseNumber, type U64 } from '../../bits/u64.ts';
import { UserError } from '../../bits/user-error.ts';
import { isWorld, WORLDS } from '../../bits/world.ts';
import { worldName } from '../../inspect/text.ts';
import { ATS_WORDS, atsKind } from '../../inspect/transaction-words.ts';
import { type Transaction, transaction } from '../../model/plan.ts';
import { parseAttributes } from '../../model/translate/attribute-text.ts';
import { type Attributes, DEFAULT_ATTRIBUTES } from '../../model/translate/attributes.ts';
import { SID_BITS, SSID_BITS } from '../../spec/stream-id.ts';
import { WORLD_FACTS } from '../../spec/worlds.ts';

/** A transaction, or why the model cannot run it. */
export type BatchRequest = { readonly transaction: Transaction } | { readonly reason: string };

/**
 * Reads one line.
 * @param where file and line, for messages
 * @throws UserError naming the key that makes no sense
 */
export function readRequest(line: string, where: string): BatchRequest {
  const todo = 'write {"sid":8,"iova":"0x1000","rw":"r"}';
  const fail = (what: string): never => {
    throw new UserError(what, { where, todo });
  };
  const value = json(line, () => fail('is not JSON'));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return fail('is no JSON object');
  const given = value as Readonly<Record<string, unknown>>;
  const sid = integer(given['sid'], 2 ** SID_BITS - 1) ?? fail('"sid" is no StreamID');
  const iova = address(given['iova']) ?? fail('"iova" is no address of at most 64 bits');
  const rw = given['rw'];
  if (rw !== 'r' && rw !== 'w') return fail('"rw" is neither "r" nor "w"');
  const ssid =
    given['ssid'] === undefined
      ? -1
      : (integer(given['ssid'], 2 ** SSID_BITS - 1) ?? fail('"ssid" is no SubstreamID'));
  const world = given['world'] ?? 'ns';
  if (typeof world !== 'string' || !isWorld(world)) return fail(`"world" is none of ${WORLDS.join(', ')}`);
  const flag = (key: string): boolean => {
    const is = given[key] ?? false;
    return typeof is === 'boolean' ? is : fail(`"${key}" is neither true nor false`);
  };
  const ats = given['ats'] ?? 'u';
  const kind =
    (typeof ats === 'string' ? atsKind(ats) : null) ??
    fail(`"ats" is none of ${ATS_WORDS.map((word) => `"${word}"`).join(', ')}`);
  const attr = given['attr'];
  const attributes = attr === undefined ? DEFAULT_ATTRIBUTES : attributesOf(attr);
  if (attributes === null) return fail('"attr" is neither the name of an attribute nor a byte of MAIR');
  if (WORLD_FACTS[world].secSid === null) return { reason: `the ${worldName(world)} state has no streams` };
  const write = rw === 'w';
  const asked = transaction({
    world,
    sid,
    ssid,
    vaHi: iova.hi,
    vaLo: iova.lo,
    write,
    privileged: flag('priv'),
    // Writes are never instruction fetches; of a request both bits count, NW=0 and Exe.
    instruction: flag('inst') && (!write || kind === 'request'),
    kind,
    attributes,
    ns: flag('inputNs'),
  });
  return { transaction: asked };
}

function attributesOf(attr: unknown): Attributes | null {
  return typeof attr === 'string' || typeof attr === 'number' ? parseAttributes(attr) : null;
}

function json(line: string, fail: () => never): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return fail();
  }
}

function integer(value: unknown, limit: number): number | null {
  const n = typeof value === 'string' ? parseNumber(value) : value;
  return typeof n === 'number' && Number.isInteger(n) && n >= 0 && n <= limit ? n : null;
}

function address(value: unknown): U64 | null {
  if (typeof value === 'string') return parseHex64(value);
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) return null;
  return { hi: Math.floor(value / 2 ** 32), lo: value >>> 0 };
}
