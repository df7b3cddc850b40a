import { fieldOf, type Layout } from '../../../bits/layout.ts';
import { hex } from '../../../bits/u64.ts';
import { UserError } from '../../../bits/user-error.ts';
import { isWorld, WORLDS, type World } from '../../../bits/world.ts';
import { offsetOf } from '../../../model/bank.ts';
import { presentWorlds } from '../../../model/present-worlds.ts';
import { type QueueName, ring } from '../../../model/queues/ring.ts';
import { worldsWith } from '../../../model/queues/world-queues.ts';
import type { Smmu } from '../../../model/smmu.ts';
import { CD } from '../../../spec/cd.ts';
import { EVENT_HEADER, eventByNumber } from '../../../spec/events.ts';
import { WORLD_PREFIX } from '../../../spec/registers.ts';
import { STE } from '../../../spec/ste.ts';
import { type Bag, ExpressionError, isBag, type Scope, type Value } from '../../expression/value.ts';
import { Draft } from '../build/draft.ts';
import { locateCd, readSte } from '../build/structures.ts';
import { registerNamed, scriptRegisters } from '../names.ts';
import { scopeName } from '../scope-names.ts';
import type { Device, Environment } from './state.ts';

/** What the names of a script's expressions stand for, at this moment of the SMMU. */
export function scopeOf(smmu: Smmu, environment: Environment): Scope {
  return {
    name: (name) =>
      environment.lets.get(name) ?? deviceNamed(environment, name) ?? known(smmu, environment, name),
    call: (name, args) => call(smmu, environment, name, args),
  };
}

function deviceNamed(environment: Environment, name: string): Value | undefined {
  const device = environment.devices.get(name);
  return device && deviceBag(device);
}

function deviceBag({ name, sid, ssid, worlds }: Device): Bag {
  const parts: Readonly<Record<string, Value>> = {
    name,
    sid: BigInt(sid),
    ssid: BigInt(Math.max(ssid, 0)),
    world: worlds[0] ?? 'ns',
  };
  return bag(`device ${name}`, parts);
}

function bag(text: string, parts: Readonly<Record<string, Value>>): Bag {
  return {
    text,
    names: () => Object.keys(parts),
    part: (name) => (Object.hasOwn(parts, name) ? parts[name] : undefined),
  };
}

function known(smmu: Smmu, { last }: Environment, name: string): Value | undefined {
  switch (name) {
    case 'pa':
      if (last.first === null) throw new ExpressionError('pa is not known: there was no dma', 0);
      return BigInt(last.first.pa);
    case 'result':
      return (last.first ?? last.bad)?.result ?? 'ok';
    case 'event': {
      const words = last.events.at(-1)?.words;
      if (!words) throw new ExpressionError('the last statement recorded no event', 0);
      return eventBag(words);
    }
    case 'reg':
      return lazyBag('registers', WORLDS, (world) => (isWorld(world) ? registersOf(smmu, world) : undefined));
    case 'cmdq':
      return queuesBag(smmu, 'CMDQ');
    case 'eventq':
      return queuesBag(smmu, 'EVENTQ');
    case 'priq':
      return queuesBag(smmu, 'PRIQ');
    default:
      return scopeName(name)?.kind === 'text' ? name : undefined;
  }
}

function lazyBag(text: string, names: readonly string[], part: (name: string) => Value | undefined): Bag {
  return { text, names: () => names, part };
}

/** The fields of a structure, by the names of its table. */
export function structureBag(text: string, of: Layout, words: Uint32Array): Bag {
  return lazyBag(
    text,
    of.list.map(({ name }) => name),
    (name) => {
      const field = fieldOf(of, name) ?? of.list.find((one) => one.name.toLowerCase() === name.toLowerCase());
      return field && (BigInt(field.hi(words, 0)) << 32n) + BigInt(field.lo(words, 0) >>> 0);
    },
  );
}

/** The fields of an event record, and its name. */
export function eventBag(words: Uint32Array): Bag {
  const number = EVENT_HEADER.fields.EventNumber.get(words, 0);
  const spec = eventByNumber(number);
  const fields = structureBag(spec?.name ?? `event ${hex(number)}`, spec?.layout ?? EVENT_HEADER, words);
  return {
    text: fields.text,
    names: () => ['name', ...fields.names()],
    part: (name) => (name === 'name' ? fields.text : fields.part(name)),
  };
}

function registersOf(smmu: Smmu, world: World): Bag {
  const names = scriptRegisters(world).map(({ stem }) => stem);
  return lazyBag(`registers of ${world}`, names, (name) => {
    const found = registerNamed(`${world}.${name}`);
    if ('unknown' in found) return undefined;
    const { register } = found;
    const at = offsetOf(register.short);
    const words = Uint32Array.of(smmu.bank.peek(at), register.width === 64 ? smmu.bank.peek(at + 4) : 0);
    const fields = structureBag(register.short, register.layout, words);
    const whole = (BigInt(words[1] ?? 0) << 32n) + BigInt(words[0] ?? 0);
    return { ...fields, text: `${register.short}=0x${whole.toString(16)}`, whole };
  });
}

/** Index and wrap bit of a queue's registers. */
export function queueIndices(
  smmu: Smmu,
  queue: QueueName,
  world: World,
): { readonly prod: number; readonly cons: number } {
  const mask = 2 ** (ring(smmu.bank, queue, world).log2size + 1) - 1;
  const read = (which: string): number => smmu.bank.lo(`${WORLD_PREFIX[world]}${queue}_${which}`) & mask;
  return { prod: read('PROD'), cons: read('CONS') };
}

function queueBag(smmu: Smmu, queue: QueueName, world: World): Bag {
  const { prod, cons } = queueIndices(smmu, queue, world);
  return bag(`${queue} ${world}`, { prod: BigInt(prod), cons: BigInt(cons) });
}

/** The queues of every Security state by its name; what names none is of the Non-secure one. */
function queuesBag(smmu: Smmu, queue: QueueName): Bag {
  const own = queueBag(smmu, queue, 'ns');
  const there = presentWorlds(smmu.bank.ids());
  const worlds = worldsWith(queue).filter((world) => there.includes(world));
  return lazyBag(queue, [...own.names(), ...worlds], (name) => {
    const world = worlds.find((one) => one === name);
    return world === undefined ? own.part(name) : queueBag(smmu, queue, world);
  });
}

function call(smmu: Smmu, environment: Environment, name: string, args: readonly Value[]): Value | undefined {
  const limits: Readonly<Record<string, number>> = { ste: 2, cd: 3, mem: 2 };
  const limit = limits[name];
  if (limit === undefined) return undefined;
  if (args.length === 0 || args.length > limit)
    throw new ExpressionError(`${name}() takes 1 to ${limit} values`, 0);
  const draft = new Draft(smmu, worldArgument(name, args[name === 'cd' ? 2 : 1]), environment.allocation);
  const first = numberArgument(name, args[0]);
  try {
    if (name === 'mem') return doubleword(draft, first);
    const { words } = readSte(draft, first);
    if (name === 'ste') return structureBag(`STE ${hex(first)}`, STE, words);
    const index = args[1] === undefined ? 0 : numberArgument(name, args[1]);
    const pa = locateCd(draft, first, words, index, false);
    const text = `CD ${index} of STE ${hex(first)}`;
    return structureBag(text, CD, draft.read(pa, CD.words, text));
  } catch (error) {
    if (error instanceof UserError) throw new ExpressionError(error.message, 0);
    throw error;
  }
}

function doubleword(draft: Draft, pa: number): bigint {
  if (pa % 8 !== 0) throw new UserError(`${hex(pa)} is no multiple of 8`);
  const [lo = 0, hi = 0] = draft.read64(pa, 'memory');
  return (BigInt(hi) << 32n) + BigInt(lo);
}

function numberArgument(name: string, value: Value | undefined): number {
  const number = value !== undefined && isBag(value) ? value.whole : value;
  if (typeof number === 'bigint' && number >= 0n && number < 1n << 52n) return Number(number);
  throw new ExpressionError(`${name}() needs a number`, 0);
}

function worldArgument(name: string, value: Value | undefined): World {
  if (value === undefined) return 'ns';
  if (typeof value === 'string' && isWorld(value)) return value;
  throw new ExpressionError(`${name}() needs a world: ns, s, realm or root`, 0);
}
