import type { Layout } from '../../../bits/layout.ts';
import { UserError } from '../../../bits/user-error.ts';
import { offsetOf } from '../../../model/bank.ts';
import type { Operation } from '../../../model/plan.ts';
import { presentWorlds } from '../../../model/present-worlds.ts';
import { hasQueues } from '../../../model/queues/queue-id.ts';
import type { Smmu } from '../../../model/smmu.ts';
import { parseAttributes } from '../../../model/translate/attribute-text.ts';
import { CD } from '../../../spec/cd.ts';
import type { QueueWorld } from '../../../spec/commands.ts';
import { L1CD } from '../../../spec/l1cd.ts';
import { L1STD } from '../../../spec/l1std.ts';
import { STE } from '../../../spec/ste.ts';
import type { GranuleBits } from '../../../spec/translation.ts';
import type { Allocation } from '../build/allocation.ts';
import { encodeCommand, enqueue, secure } from '../build/commands.ts';
import { Draft, PUBLISH } from '../build/draft.ts';
import { invalidateAll, invalidateConfig, invalidateRange } from '../build/invalidate.ts';
import { type MapTarget, map, unmap } from '../build/mapping.ts';
import {
  type FieldAssignments,
  locateCd,
  locateL1cd,
  locateL1std,
  readSte,
  withContextTable,
  withFields,
} from '../build/structures.ts';
import { noSuchWorld } from '../machine.ts';
import { commandSpecNamed, fieldNamed, registerNamed } from '../names.ts';
import type { Span, Word } from '../statement.ts';
import { leave, notifier, notifiers, obtain, unregister } from './devices.ts';
import { accesses, protect, switched } from './granule.ts';
import { fieldValue, numberOf, PlacedError, type Reading } from './reading.ts';
import type { Environment } from './state.ts';
import { broadcast, deviceOf, dma, page, worldOf } from './traffic.ts';

/** What a statement does to the SMMU. */
export interface Action {
  /** In this order; what depends on what came before is in {@link consume}. */
  readonly operations: readonly Operation[];
  /** Afterwards the SMMU consumes commands of this queue, `most` at most. */
  readonly consume: { readonly world: QueueWorld; readonly most: number } | null;
  readonly allocation: Allocation;
}

/** What a statement is executed with. */
export interface Context {
  readonly smmu: Smmu;
  readonly environment: Environment;
  readonly reading: Reading;
  /** The expression after `=`, where the form has one. */
  readonly rest: Word | null;
  /** Outside of tests: what is made there is the scene of what follows. */
  readonly scene: boolean;
}

const NO_LIMIT = Number.POSITIVE_INFINITY;
const SID_LIMIT = 1n << 32n;
const SSID_LIMIT = 1n << 20n;
const PA_LIMIT = 1n << 52n;

/** Statements by their keywords. */
export const ACTIONS: Readonly<Record<string, (of: Context) => Action>> = {
  reg: writeRegister,
  poke,
  ste: writeSte,
  cd: writeCd,
  l1std: writeL1std,
  l1cd: writeL1cd,
  map: mapStatement,
  unmap: (of) => drafted(of, (draft) => unmap(draft, targetOf(of.reading))),
  cmd: command,
  run: ({ reading, environment }) => ({
    operations: [],
    consume: {
      world: reading.queueWorld(),
      most: reading.bound.words.has('count') ? Number(reading.count('count', 1n << 32n)) : NO_LIMIT,
    },
    allocation: environment.allocation,
  }),
  invalidate,
  dma: (of) => plain(of, dma(of.environment, of.reading)),
  page: (of) => plain(of, [page(of.environment, of.reading)]),
  broadcast: (of) => plain(of, [broadcast(of.reading)]),
  resume,
  gpt: (of) => protection(of, (draft) => protect(draft, of.reading)),
  gpc: (of) => protection(of, (draft) => switched(draft, of.reading)),
  access: (of) => plain(of, accesses(of.reading)),
  notifiers: (of) => plain(of, notifiers(of.smmu, of.reading)),
  notifier: (of) => plain(of, notifier(of.smmu, of.environment, of.reading)),
  unregister: (of) => plain(of, unregister(of.smmu, of.environment, of.reading)),
  obtain: (of) => plain(of, obtain(of.smmu, of.environment, of.reading)),
  reset: (of) => plain(of, leave('reset', of.smmu, of.environment, of.reading)),
  unplug: (of) => plain(of, leave('unplug', of.smmu, of.environment, of.reading)),
};

function plain({ environment }: Context, operations: readonly Operation[]): Action {
  return { operations, consume: null, allocation: environment.allocation };
}

function drafted(of: Context, build: (draft: Draft) => void, scene = false): Action {
  const draft = new Draft(of.smmu, of.reading.world(), of.environment.allocation, scene);
  build(draft);
  return { operations: draft.operations, consume: null, allocation: draft.allocation };
}

/** The fields that a statement names, by the table's spelling. */
export function assignments(of: Layout, reading: Reading): FieldAssignments {
  const fields = new Map<string, bigint>();
  for (const { name, value } of reading.bound.fields) {
    const field = fieldNamed(of, name.text);
    if (!field) throw new PlacedError(name, `${of.name} has no field ${name.text}`);
    if (value === null && field.width !== 1)
      throw new PlacedError(
        name,
        `${field.name} has ${field.width} bits and needs a value; write ${field.name}=…`,
      );
    fields.set(field.name, value === null ? 1n : fieldValue(field, value, reading.scope));
  }
  return fields;
}

/** Writes of Root software: those of memory before those of registers. */
function protection(of: Context, build: (draft: Draft) => readonly Operation[]): Action {
  if (!presentWorlds(of.smmu.bank.ids()).includes('root')) of.reading.fail(noSuchWorld('root').message);
  const draft = new Draft(of.smmu, 'root', of.environment.allocation, of.scene);
  const registers = build(draft);
  return {
    operations: [...draft.operations, ...registers],
    consume: null,
    allocation: draft.allocation,
  };
}

function writeRegister({ smmu, environment, reading, rest }: Context): Action {
  const word = reading.word('register');
  const found = registerNamed(word.text);
  if ('unknown' in found) throw new PlacedError(word, `${word.text} names no ${found.unknown} that is known`);
  if (!rest) return reading.fail('the value is missing');
  const { register, field, world } = found;
  const offset = offsetOf(register.short);
  const bytes = register.width === 64 ? 8 : 4;
  let value: bigint;
  if (field === null) value = numberOf(rest, reading.scope, 1n << BigInt(register.width));
  else {
    const words = Uint32Array.of(smmu.bank.peek(offset), bytes === 8 ? smmu.bank.peek(offset + 4) : 0);
    const named = new Map([[field.name, fieldValue(field, rest, reading.scope)]]);
    const [lo = 0, hi = 0] = placed(rest, () => withFields(register.layout, words, named));
    value = (BigInt(hi) << 32n) + BigInt(lo);
  }
  const [valueHi, lo] = [Number(value >> 32n), Number(value & 0xffff_ffffn)];
  const operation: Operation = { kind: 'register', offset, value: lo, valueHi, bytes, world };
  return { operations: [operation], consume: null, allocation: environment.allocation };
}

function placed<T>(at: Span, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof UserError && !(error instanceof PlacedError))
      throw new PlacedError(at, error.message);
    throw error;
  }
}

function poke(of: Context): Action {
  const { reading, rest } = of;
  const space = reading.world('space');
  const short = reading.flag('u32');
  const at = reading.word('address');
  const pa = Number(numberOf(at, reading.scope, PA_LIMIT));
  const bytes = short ? 4 : 8;
  if (pa % bytes !== 0) throw new PlacedError(at, `the address is no multiple of ${bytes}`);
  if (!of.smmu.memory(space).inRam(pa)) throw new PlacedError(at, 'the address lies outside RAM');
  if (!rest) return reading.fail('the value is missing');
  const value = numberOf(rest, reading.scope, 1n << BigInt(bytes * 8));
  const words = short
    ? Uint32Array.of(Number(value))
    : Uint32Array.of(Number(value & 0xffff_ffffn), Number(value >> 32n));
  return plain(of, [{ kind: 'memory', space, pa, words }]);
}

const sidOf = (reading: Reading): number => Number(reading.count('sid', SID_LIMIT));

function writeSte(of: Context): Action {
  const sid = sidOf(of.reading);
  return drafted(of, (draft) => {
    const { pa, words } = readSte(draft, sid, true);
    draft.writeStructure(pa, withFields(STE, words, assignments(STE, of.reading)), `STE ${sid}`, PUBLISH.ste);
  });
}

function writeCd(of: Context): Action {
  const { reading } = of;
  const sid = sidOf(reading);
  const index = reading.bound.words.has('ssid') ? Number(reading.count('ssid', SSID_LIMIT)) : 0;
  return drafted(of, (draft) => {
    const before = readSte(draft, sid);
    if ((STE.fields.Config.get(before.words, 0) & STE.fields.Config.names.S1) !== STE.fields.Config.names.S1)
      reading.fail(`STE ${sid} has no stage 1: write ste ns ${sid} Config=S1 before`);
    const ste = withContextTable(draft, sid, before.words);
    const pa = locateCd(draft, sid, ste, index, true);
    const words = draft.read(pa, CD.words, `CD ${index}`);
    draft.writeStructure(pa, withFields(CD, words, assignments(CD, reading)), `CD ${index} of STE ${sid}`);
    draft.writeStructure(before.pa, ste, `STE ${sid}`, PUBLISH.ste);
  });
}

function writeL1std(of: Context): Action {
  const index = Number(of.reading.count('index', SID_LIMIT));
  return drafted(of, (draft) => {
    const pa = locateL1std(draft, index);
    const words = draft.read(pa, L1STD.words, `L1STD ${index}`);
    draft.writeStructure(pa, withFields(L1STD, words, assignments(L1STD, of.reading)), `L1STD ${index}`);
  });
}

function writeL1cd(of: Context): Action {
  const sid = sidOf(of.reading);
  const index = Number(of.reading.count('index', SSID_LIMIT));
  return drafted(of, (draft) => {
    const pa = locateL1cd(draft, sid, readSte(draft, sid).words, index);
    const words = draft.read(pa, L1CD.words, `L1CD ${index}`);
    draft.writeStructure(pa, withFields(L1CD, words, assignments(L1CD, of.reading)), `L1CD ${index}`);
  });
}

function targetOf(reading: Reading): MapTarget {
  const ssid = reading.number('ssid', SSID_LIMIT);
  return {
    sid: Number(reading.required('sid', SID_LIMIT)),
    ssid: ssid === null ? -1 : Number(ssid),
    stage: reading.argument('stage')?.text === '2' ? 2 : 1,
    ipa: reading.world('ipa', reading.world()),
    iova: reading.required('iova'),
    size: reading.required('size', 1n << 57n),
  };
}

const GRANULE_BITS: Readonly<Record<string, GranuleBits>> = { '4K': 12, '16K': 14, '64K': 16 };

function mapStatement(of: Context): Action {
  const { reading } = of;
  const target = targetOf(reading);
  const permissions = reading.argument('perm')?.text ?? 'rw';
  const granule = reading.argument('granule');
  const pages = reading.argument('pages');
  const tables = reading.argument('tables') === null ? null : reading.world('tables');
  const leaf = pages === null ? null : numberOf(pages, reading.scope).toString(2).length - 1;
  return drafted(
    of,
    (draft) =>
      map(draft, {
        ...target,
        output: reading.required('pa', PA_LIMIT),
        access: {
          read: permissions.includes('r'),
          write: permissions.includes('w'),
          execute: permissions.includes('x'),
        },
        granuleBits: granule === null ? null : (GRANULE_BITS[granule.text] ?? 12),
        leafLog2: leaf,
        accessFlag: reading.argument('af')?.text !== '0',
        space: reading.world(
          'space',
          tables ?? (reading.argument('ipa') === null ? draft.space : target.ipa),
        ),
        tables,
        global: reading.flag('global'),
        attribute: attributeOf(reading, target.stage),
      }),
    of.scene,
  );
}

/** Stage 1 has a byte of MAIR, stage 2 a code of four bits (S2FWB=0). */
function attributeOf(reading: Reading, stage: 1 | 2): number | null {
  const word = reading.argument('attr');
  if (word === null) return null;
  const attributes = parseAttributes(word.text);
  if (attributes === null)
    throw new PlacedError(
      word,
      `"${word.text}" is no memory attribute; write a byte of MAIR, or WB, NC, Device-nGnRE`,
    );
  const byte = attributes & 0xff;
  if (stage === 1) return byte;
  if ((byte & 0xf0) === 0) return (byte >> 2) & 3;
  const level = (half: number): number => (half === 4 ? 1 : (half & 4) !== 0 ? 3 : 2);
  return (level(byte >> 4) << 2) | level(byte & 0xf);
}

function command(of: Context): Action {
  const { smmu, reading, environment } = of;
  const world = reading.queueWorld();
  const word = reading.word('mnemonic');
  const named = commandSpecNamed(word.text);
  if (!named) throw new PlacedError(word, `there is no command ${word.text}`);
  const words = encodeCommand(word.text, assignments(named.spec.layout, reading));
  return {
    operations: enqueue(smmu, world, [words]),
    consume: reading.flag('hold') ? null : { world, most: NO_LIMIT },
    allocation: environment.allocation,
  };
}

function invalidate(of: Context): Action {
  const { smmu, reading, environment } = of;
  const world = reading.queueWorld();
  const draft = new Draft(smmu, world, environment.allocation);
  const groups = reading.flag('all')
    ? invalidateAll(draft)
    : reading.flag('config')
      ? invalidateConfig(Number(reading.required('sid', SID_LIMIT)), world)
      : invalidateRange(draft, { ...targetOf(reading), leaf: reading.flag('leaf') });
  // A CMD_SYNC between the groups keeps them in order: one queue, one write of PROD.
  return {
    operations: enqueue(smmu, world, groups.flat()),
    consume: { world, most: NO_LIMIT },
    allocation: environment.allocation,
  };
}

function resume(of: Context): Action {
  const { smmu, reading, environment } = of;
  const device = deviceOf(environment, reading);
  const world = worldOf(device, reading);
  const stag = reading.number('stag', 1n << 16n);
  const tags =
    stag !== null
      ? [Number(stag)]
      : smmu.traffic.stalls
          .ofStream(world, device.sid)
          .flatMap((stall) => (stall.stag >= 0 ? [stall.stag] : []));
  if (tags.length === 0) reading.fail(`no transaction of ${device.name} is stalled`);
  const queue = hasQueues(world) ? world : reading.fail('Root has no streams');
  const again = !reading.flag('abort');
  const commands = tags.map((tag) =>
    encodeCommand(
      'RESUME',
      new Map([
        ['StreamID', BigInt(device.sid)],
        ['STAG', BigInt(tag)],
        ['Ac', again ? 1n : 0n],
        ['Ab', again ? 0n : 1n],
        ...secure(queue),
      ]),
    ),
  );
  return {
    operations: enqueue(smmu, queue, commands),
    consume: { world: queue, most: NO_LIMIT },
    allocation: environment.allocation,
  };
}
