import { sizeText } from '../bits/size-text.ts';
import { hex, parseNumber } from '../bits/u64.ts';
import { UserError } from '../bits/user-error.ts';
import { isWorld, WORLDS, type World } from '../bits/world.ts';
import { offsetOf, RegisterBank } from '../model/bank.ts';
import { ABORT, ABSENT, type MemoryRange, PA_LIMIT, type SparseMemory } from '../model/memory.ts';
import { presentWorlds, queueWorlds } from '../model/present-worlds.ts';
import { ring } from '../model/queues/ring.ts';
import { type CachePolicy, Smmu } from '../model/smmu.ts';
import { registerByName, WORLD_PREFIX } from '../spec/registers.ts';
import { type Capture, captureMemory, openCapture } from './capture.ts';
import type { SmmuConfiguration } from './configuration.ts';
import type { CaptureHost } from './format.ts';
import type { CaptureSpec } from './place.ts';
import { loadSnapshot, type RegisterSnapshot } from './snapshot.ts';

/** What a session starts from, as launch.json and the command line have it. */
export interface MachineInputs {
  readonly capture: CaptureSpec;
  /** A path, or the registers themselves. */
  readonly registers: string | Readonly<Record<string, unknown>>;
  /**
   * RAM as a list of [base, size]: numbers, or text such as "0x40000000" or "512M"; or such lists by address space.
   * Default: the capture's extent; of a space without files that of the Non-secure one, with unknown contents.
   */
  readonly ram?: unknown;
  readonly caches?: CachePolicy | undefined;
  /** What the SMMU is, beyond its snapshot. */
  readonly smmu?: SmmuConfiguration | undefined;
  /** What people call the features that they ask for. Default: `smmu.features`. */
  readonly featuresAsked?: string | undefined;
}

/** An SMMU with the memory and the registers of a capture. */
export interface OpenMachine {
  readonly smmu: Smmu;
  readonly capture: Capture;
  readonly snapshot: RegisterSnapshot;
  /** What looks wrong but does not keep the session from going on: complete sentences. */
  readonly warnings: readonly string[];
  /** Closes the capture. May be called twice. */
  close(): void;
}

/**
 * Opens a capture and a register snapshot and builds the SMMU that they describe.
 * @throws UserError naming file, field and cure; nothing stays open then
 */
export async function openMachine(inputs: MachineInputs, host: CaptureHost = {}): Promise<OpenMachine> {
  const ram = inputs.ram === undefined ? {} : parseRamBySpace(inputs.ram);
  const { directory } = host;
  // The snapshot first: it is small, and an image may take minutes to inflate.
  const { featuresAsked, smmu: configuration = {} } = inputs;
  const snapshot = loadSnapshot(inputs.registers, { ...configuration, directory, featuresAsked });
  const capture = await openCapture(inputs.capture, host);
  const bank = new RegisterBank();
  bank.load(snapshot.words);
  const memory = memoryOf(capture, ram, presentWorlds(bank.ids()));
  const { reservedBits } = configuration;
  const smmu = new Smmu({
    memory,
    ...(inputs.caches !== undefined && { caches: inputs.caches }),
    ...(reservedBits !== undefined && { reservedBits }),
    bank,
  });
  const name = typeof inputs.registers === 'string' ? inputs.registers : 'registers';
  const warnings = [...capture.warnings, ...snapshot.warnings, ...checkRegisters(smmu, name)];
  return { smmu, capture, snapshot, warnings, close: () => capture.close() };
}

/** RAM by address space. */
type RamBySpace = Readonly<Partial<Record<World, readonly MemoryRange[]>>>;

/** What a space holds that no file describes is not known: it is no reason for an external abort. */
function memoryOf(
  capture: Capture,
  ram: RamBySpace,
  present: readonly World[],
): Partial<Record<World, SparseMemory>> {
  const memory: Partial<Record<World, SparseMemory>> = {};
  for (const space of WORLDS) {
    const own = ram[space] ?? (capture.ram[space].length > 0 ? capture.ram[space] : null);
    if (own === null && !present.includes(space)) continue;
    memory[space] = captureMemory(capture, space, { ram: own ?? ram.ns ?? capture.ram.ns });
  }
  return memory;
}

/**
 * Checks RAM ranges: a list, which is that of the Non-secure space, or lists by the name of the space.
 * @throws UserError naming the entry that makes no sense
 */
function parseRamBySpace(value: unknown): RamBySpace {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { ns: parseRam(value) };
  const ram: Partial<Record<World, readonly MemoryRange[]>> = {};
  for (const [space, list] of Object.entries(value)) {
    if (!isWorld(space)) {
      throw new UserError(`${JSON.stringify(space)} is no address space`, {
        where: 'ram',
        todo: `write ${WORLDS.join(', ')}`,
      });
    }
    ram[space] = parseRam(list, `ram.${space}`);
  }
  return ram;
}

/**
 * Checks a list of RAM ranges.
 * @throws UserError naming the entry that makes no sense
 */
export function parseRam(value: unknown, where = 'ram'): MemoryRange[] {
  const todo = 'write a list of [base, size], such as [["0x40000000", "512M"]]';
  if (!Array.isArray(value)) throw new UserError('is no list', { where, todo });
  const ranges = value.map((entry: unknown, i): MemoryRange => {
    const [base, size] = Array.isArray(entry) && entry.length === 2 ? (entry as unknown[]).map(numberOf) : [];
    if (base === undefined || size === undefined || base === null || size === null || size <= 0) {
      throw new UserError('is no pair of base and size', { where: `${where}[${i}]`, todo });
    }
    if (base + size > PA_LIMIT) {
      throw new UserError('ends beyond the 52 bits of a physical address', { where: `${where}[${i}]`, todo });
    }
    return { base, size };
  });
  return ranges.sort((a, b) => a.base - b.base);
}

function numberOf(value: unknown): number | null {
  const n = typeof value === 'string' ? parseNumber(value) : value;
  return typeof n === 'number' && Number.isSafeInteger(n) && n >= 0 ? n : null;
}

/** What the registers say that does not fit the memory or the SMMU itself. */
function checkRegisters(smmu: Smmu, name: string): string[] {
  const warnings: string[] = [];
  const warn: Warn = (field, text) => {
    warnings.push(`${name}, ${field}: ${text}`);
  };
  const worlds = queueWorlds(smmu.bank.ids());
  for (const world of worlds) {
    // A state that was never set up needs no word, unless none was.
    if (isSetUp(smmu, world) || (world === 'ns' && !worlds.some((other) => isSetUp(smmu, other))))
      checkWorld(smmu, world, warn);
  }
  return warnings;
}

function isSetUp(smmu: Smmu, world: World): boolean {
  const { smmuEnabled, streamTable } = smmu.state(world);
  return smmuEnabled || streamTable.programmedBase !== 0;
}

type Warn = (field: string, text: string) => void;

function checkWorld(smmu: Smmu, world: World, warn: Warn): void {
  const state = smmu.state(world);
  const table = state.streamTable;
  const placed = (stem: string): string => placedRegister(WORLD_PREFIX[world] + stem);
  if (!state.smmuEnabled) {
    const effect = state.gbpaAbort
      ? 'aborts all traffic (GBPA.ABORT=1)'
      : 'lets all traffic bypass (GBPA.ABORT=0)';
    warn(placed('CR0'), `SMMUEN=0, so this SMMU translates nothing and ${effect}`);
  }
  if (table.programmedLog2size > table.log2size) {
    const text = `LOG2SIZE=${table.programmedLog2size} is more than IDR1.SIDSIZE=${state.sidBits}; ${table.log2size} counts`;
    warn(placed('STRTAB_BASE_CFG'), text);
  }
  const place = `the stream table at ${hex(table.base)} (${sizeText(table.bytes)})`;
  checkPlace(smmu.memory(world), place, table.base, table.bytes, (text) => warn(placed('STRTAB_BASE'), text));
  if (table.base !== table.programmedBase) {
    const text = `ADDR=${hex(table.programmedBase)} is not aligned to the table's size; hardware reads ${hex(table.base)}`;
    warn(placed('STRTAB_BASE'), text);
  }
  for (const queue of ['CMDQ', 'EVENTQ'] as const) checkQueue(smmu, queue, world, warn);
}

/** A register as a snapshot may have it: `CR0 (offset 0x20)`. */
function placedRegister(name: string): string {
  const register = registerByName(name);
  const at = register?.block.startsWith('PAGE_') ? `offset ${hex(offsetOf(name))}` : register?.block;
  return `${name} (${at})`;
}

function checkQueue(smmu: Smmu, queue: 'CMDQ' | 'EVENTQ', world: World, warn: Warn): void {
  const q = ring(smmu.bank, queue, world);
  const stem = WORLD_PREFIX[world] + queue;
  // Never set up, or not in the snapshot.
  if (smmu.bank.lo(`${stem}_BASE`) === 0 && smmu.bank.hi(`${stem}_BASE`) === 0) return;
  const field = placedRegister(`${stem}_BASE`);
  const bytes = q.entryBytes * 2 ** q.log2size;
  const memory = smmu.memory(world);
  if (!memory.inRam(q.base)) warn(field, `the queue at ${hex(q.base)} (${sizeText(bytes)}) lies outside RAM`);
  if (q.inconsistent) {
    const text = `PROD and CONS are ${q.used} entries apart, but the queue has ${2 ** q.log2size}`;
    warn(`${stem}_PROD, ${stem}_CONS`, text);
  }
}

function checkPlace(
  memory: SparseMemory,
  what: string,
  base: number,
  bytes: number,
  warn: (text: string) => void,
): void {
  const status = memory.status(base);
  const extent = memory.ram.map((r) => `${hex(r.base)} to ${hex(r.base + r.size - 1)}`).join(', ');
  if (status === ABORT) {
    const wrong = 'check that the snapshot and the capture are of the same moment and machine';
    warn(`${what} lies outside RAM, which is taken to be ${extent || 'empty'}; ${wrong}`);
  } else if (status === ABSENT) {
    warn(`${what} is not in the capture; the dump may be filtered or truncated`);
  } else if (!memory.inRam(base + bytes - 4)) {
    warn(`${what} reaches beyond RAM, which is taken to be ${extent}; StreamIDs beyond it cannot be read`);
  }
}
