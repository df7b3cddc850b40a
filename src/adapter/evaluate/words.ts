import { parseHex64, parseNumber, type U64 } from '../../bits/u64.ts';
import { UserError } from '../../bits/user-error.ts';
import { isWorld, WORLDS, type World } from '../../bits/world.ts';
import type { Debuggee } from '../debuggee.ts';

/** What stands after a command's name: `key=value` pairs and bare words. */
export interface Words {
  readonly values: ReadonlyMap<string, string>;
  readonly flags: ReadonlySet<string>;
}

/**
 * Splits the words after a command's name.
 * @param usage the expected form, told when a word is not known
 */
export function splitWords(
  text: string,
  keys: readonly string[],
  flags: readonly string[],
  usage: string,
): Words {
  const values = new Map<string, string>();
  const found = new Set<string>();
  for (const word of text.split(/\s+/).filter((part) => part !== '')) {
    const at = word.indexOf('=');
    const name = at < 0 ? word : word.slice(0, at);
    if (at >= 0 && keys.includes(name)) {
      if (values.has(name)) throw new UserError(`${name} is given twice`, { todo: `write ${usage}` });
      values.set(name, word.slice(at + 1));
    } else if (at < 0 && flags.includes(name)) found.add(name);
    else throw new UserError(`"${word}" is not understood`, { todo: `write ${usage}` });
  }
  return { values, flags: found };
}

/** The Security state that `world=` names, Non-secure when it is left out. @throws UserError when it is none, or hidden */
export function worldIn({ viewer }: Debuggee, text: string | undefined): World {
  const world = text ?? 'ns';
  if (!isWorld(world))
    throw new UserError(`world=${world} is no security state`, { todo: `write ${WORLDS.join(', ')}` });
  viewer.require(world);
  return world;
}

/** A number of at most `bits` bits; an error names the key and the form. */
export function numberIn(text: string, key: string, bits: number, usage: string): number {
  if (text === '') throw new UserError(`${key}= is missing`, { todo: `write ${usage}` });
  const n = parseNumber(text);
  if (n === null) throw new UserError(`${key}=${text} is not a number`, { todo: `write ${usage}` });
  if (n >= 2 ** bits) {
    throw new UserError(`${key}=${text} is too large`, { todo: `${key} is below 2^${bits}` });
  }
  return n;
}

/** A 64-bit number. */
export function wideIn(text: string, key: string, usage: string): U64 {
  const n = parseHex64(text);
  if (n === null) throw new UserError(`${key}=${text} is not a 64-bit number`, { todo: `write ${usage}` });
  return n;
}
