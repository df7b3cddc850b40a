/** Options of the commands: declared once, parsed strictly. */

import { type ParseArgsConfig, parseArgs } from 'node:util';
import { parseHex64, parseNumber, type U64 } from '../bits/u64.ts';
import { UserError } from '../bits/user-error.ts';
import { isWorld, WORLDS, type World } from '../bits/world.ts';
import { readFeature, readPreset, type SmmuConfiguration } from '../capture/configuration.ts';
import { parseStreamId } from '../inspect/stream-id.ts';
import { worldName } from '../inspect/text.ts';
import { presentWorlds } from '../model/present-worlds.ts';
import { CACHE_POLICIES, type CachePolicy, type Smmu } from '../model/smmu.ts';
import { WORLD_FACTS } from '../spec/worlds.ts';

type Options = NonNullable<ParseArgsConfig['options']>;

/** What was given on the command line. */
export interface Given {
  readonly files: readonly string[];
  /** The option's value, or undefined. */
  text(name: string): string | undefined;
  list(name: string): readonly string[];
  flag(name: string): boolean;
}

/**
 * Parses the arguments of a command.
 * @throws UserError for options that the command does not know
 */
export function parse(command: string, args: readonly string[], options: Options): Given {
  const todo = `see smmu-debug help ${command}`;
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options,
      allowPositionals: true,
      strict: true,
    });
    return {
      files: positionals,
      text: (name) => (typeof values[name] === 'string' ? values[name] : undefined),
      list: (name) => (Array.isArray(values[name]) ? values[name].map(String) : []),
      flag: (name) => values[name] === true,
    };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new UserError(whatIsWrong(message), { where: command, todo });
  }
}

/** The parser's first sentence; its hints about "--" are of no use here. */
function whatIsWrong(message: string): string {
  const [, option] = /^Option '(\S+)' argument is ambiguous/.exec(message) ?? [];
  if (option !== undefined) return `${option} is followed by an option, not by its value`;
  return (message.split(/\.\s/)[0] as string).replace(/\.$/, '');
}

const FEATURE = 'feature';

/** How messages name the option that sets a field of an ID register. */
export const FEATURE_OPTION = `--${FEATURE}`;

/** Options of every command that opens a capture. */
export const CAPTURE_OPTIONS = {
  registers: { type: 'string', short: 'r' },
  ram: { type: 'string', multiple: true },
  preset: { type: 'string' },
  [FEATURE]: { type: 'string', multiple: true },
  json: { type: 'boolean' },
} as const satisfies Options;

/** The value of an option that must be a number. */
export function numberOption(given: Given, name: string, limit: number): number | undefined {
  const text = given.text(name);
  if (text === undefined) return undefined;
  const value = parseNumber(text);
  if (value === null || value > limit) {
    const todo = `write a number up to 0x${limit.toString(16)}, in decimal or with 0x`;
    throw new UserError(`${JSON.stringify(text)} is no number in range`, { where: `--${name}`, todo });
  }
  return value;
}

/** A StreamID: a number, or bus:device.function as lspci prints it. */
export function sidOption(given: Given): number | undefined {
  const text = given.text('sid');
  if (text === undefined) return undefined;
  const value = parseStreamId(text);
  if (value === null) {
    throw new UserError(`${JSON.stringify(text)} is no StreamID`, {
      where: '--sid',
      todo: 'write a number such as 8 or 0x8, or bus:device.function such as 00:01.0',
    });
  }
  return value;
}

/** A 64-bit address. */
export function addressOption(given: Given, name: string): U64 | undefined {
  const text = given.text(name);
  if (text === undefined) return undefined;
  const value = parseHex64(text);
  if (!value) {
    throw new UserError(`${JSON.stringify(text)} is no address of at most 64 bits`, {
      where: `--${name}`,
      todo: 'write it as 0xffff7000',
    });
  }
  return value;
}

/** The world whose streams, queues or tables are meant; Non-secure when none is named. */
export function worldOption(text: string | undefined, where: string): World {
  const world = text ?? 'ns';
  if (!isWorld(world)) {
    throw new UserError(`${JSON.stringify(world)} is no world`, {
      where,
      todo: `write ${WORLDS.join(', ')}`,
    });
  }
  return world;
}

/** The world of {@link worldOption} as one that has streams and queues: Root has neither (3.10). */
export function streamWorldOption(given: Given): World {
  const world = worldOption(given.text('world'), '--world');
  if (WORLD_FACTS[world].secSid !== null) return world;
  throw new UserError(`the ${worldName(world)} state has no streams and no queues`, {
    where: '--world',
    todo: `write ${WORLDS.filter((other) => WORLD_FACTS[other].secSid !== null).join(', ')}`,
  });
}

/** @throws UserError when the SMMU has no such state */
export function requireWorld({ bank }: Smmu, world: World): void {
  const there = presentWorlds(bank.ids());
  if (there.includes(world)) return;
  throw new UserError(`this SMMU has no ${worldName(world)} state`, {
    where: '--world',
    todo: `write ${there.join(', ')}, or check the ID registers of the snapshot`,
  });
}

/** The cache policy. */
export function cachesOption(given: Given): CachePolicy {
  const text = given.text('caches') ?? CACHE_POLICIES[0];
  const known = CACHE_POLICIES.find((policy) => policy === text);
  if (known) return known;
  const why = `${JSON.stringify(text)} is no cache policy`;
  throw new UserError(why, { where: '--caches', todo: `write ${CACHE_POLICIES.join(' or ')}` });
}

/** What the SMMU is: a preset, and fields `IDR3.HAD=0` on top. */
export function smmuOption(given: Given): SmmuConfiguration {
  const preset = given.text('preset');
  return {
    preset: preset === undefined ? undefined : readPreset(preset, '--preset'),
    features: Object.fromEntries(given.list(FEATURE).map(assignment)),
  };
}

function assignment(text: string): readonly [string, number] {
  const at = text.indexOf('=');
  if (at < 0) {
    throw new UserError(`${JSON.stringify(text)} sets nothing`, {
      where: FEATURE_OPTION,
      todo: 'write register, field and value, such as IDR3.HAD=0',
    });
  }
  return readFeature(text.slice(0, at), text.slice(at + 1), FEATURE_OPTION);
}

/** RAM ranges `BASE:SIZE` or `SPACE:BASE:SIZE` as the machine takes them. */
export function ramOption(
  given: Given,
): Readonly<Partial<Record<World, readonly (readonly [string, string])[]>>> | undefined {
  const list = given.list('ram');
  if (list.length === 0) return undefined;
  const ram: Partial<Record<World, (readonly [string, string])[]>> = {};
  for (const text of list) {
    const parts = text.split(':');
    const space = isWorld(parts[0] ?? '') ? (parts.shift() as World) : 'ns';
    const [base, size, more] = parts;
    if (base === undefined || size === undefined || more !== undefined) {
      throw new UserError(`${JSON.stringify(text)} is no RAM range`, {
        where: '--ram',
        todo: 'write BASE:SIZE, such as 0x40000000:512M, or realm:0x40000000:512M',
      });
    }
    ram[space] = [...(ram[space] ?? []), [base, size]];
  }
  return ram;
}
