import { UserError } from '../bits/user-error.ts';
import { isWorld, WORLDS, type World } from '../bits/world.ts';
import { readConfiguration, type SmmuConfiguration } from '../capture/configuration.ts';
import type { Program } from '../control/program.ts';
import { CACHE_POLICIES, type CachePolicy, type Smmu } from '../model/smmu.ts';
import type { NotifierAccepts, NotifierPolicy } from '../spec/notifiers.ts';
import { acceptsNamed, type DeviceChanges, policyNamed, readDevices } from './devices.ts';

/** The inputs of a session as launch.json has them; {@link readLaunch} checks the types. */
export interface LaunchInputs {
  /** Path of a script or of a trace log; null when the command queues are what is debugged. */
  readonly program: string | null;
  /** Of a script: the only test that runs. */
  readonly only: string | undefined;
  /** Folder that files named by a script must not leave. Default: the folder of the program. */
  readonly workspace: string | undefined;
  /** A path, `{file, base?, space?}`, or a list of these; the capture's own reader judges it. Undefined with a program. */
  readonly capture: unknown;
  /** A path or an object of registers. */
  readonly registers: unknown;
  /** Known RAM: a list of [base, size]. */
  readonly ram: unknown;
  /** What the SMMU is, beyond its snapshot. */
  readonly smmu: SmmuConfiguration;
  /** Undefined: what the program is best looked at with. */
  readonly caches: CachePolicy | undefined;
  readonly enableQueue: boolean;
  /** Consumed commands that are still in the ring are pending again. */
  readonly replayConsumed: boolean;
  readonly stopOnEntry: boolean;
  /** The Security state of whoever looks, from whom the others are hidden; null: everything is shown. */
  readonly viewerWorld: World | null;
  /** What becomes of devices before anything else. */
  readonly devices: DeviceChanges;
  readonly notifierPolicy: NotifierPolicy | undefined;
  readonly notifierAccepts: NotifierAccepts | undefined;
  /** At the end of the program it runs again under each notifier policy. */
  readonly policies: boolean;
  /** Nothing stops: the program just runs. */
  readonly noDebug: boolean;
}

/** An SMMU made from a capture and its registers. */
export interface OpenedMachine {
  readonly smmu: Smmu;
  /** What runs, beside the command queues. */
  readonly program: Program | null;
  /** One line about what was opened. */
  readonly description: string;
  /** Complete sentences for the user. */
  readonly warnings: readonly string[];
  /** Closes the files and deletes temporary ones. May be called twice. */
  close(): void;
}

/**
 * Checks the arguments of a launch request. Unknown keys are left to those who know them.
 * @throws UserError naming the attribute
 */
export function readLaunch(args: unknown): LaunchInputs {
  const given = (typeof args === 'object' && args !== null ? args : {}) as Record<string, unknown>;
  const program = text(given, 'program');
  if (program === undefined) requireCapture(given);
  return {
    program: program ?? null,
    only: text(given, 'only'),
    workspace: text(given, 'workspace'),
    capture: given['capture'] === '' ? undefined : given['capture'],
    registers: given['registers'],
    ram: given['ram'],
    smmu: readConfiguration(given['smmu']),
    caches: caches(given['caches']) ?? (program === undefined ? DEFAULT_CACHES : undefined),
    enableQueue: flag(given, 'enableQueue', false),
    replayConsumed: flag(given, 'replayConsumed', false),
    stopOnEntry: flag(given, 'stopOnEntry', true),
    viewerWorld: viewerWorld(given['viewerWorld']),
    devices: readDevices(given['devices']),
    notifierPolicy: optional(given['notifierPolicy'], (value) => policyNamed(value, 'notifierPolicy')),
    notifierAccepts: optional(given['notifierAccepts'], (value) => acceptsNamed(value, 'notifierAccepts')),
    policies: flag(given, 'policies', false),
    noDebug: flag(given, 'noDebug', false),
  };
}

function requireCapture(given: Record<string, unknown>): void {
  if (given['capture'] === undefined || given['capture'] === '') {
    throw new UserError('is missing', {
      where: 'capture',
      todo: 'name a memory dump of the system, or a script as "program"',
    });
  }
  if (given['registers'] === undefined || given['registers'] === '') {
    throw new UserError('is missing', {
      where: 'registers',
      todo: 'name a snapshot of the SMMU registers (JSON or QEMU monitor text); a memory dump does not hold them',
    });
  }
}

function text(given: Record<string, unknown>, name: string): string | undefined {
  const value = given[name];
  if (value === undefined || value === '') return undefined;
  if (typeof value === 'string') return value;
  throw new UserError(`${JSON.stringify(value)} is no text`, { where: name });
}

/** What a session runs with unless it is told otherwise: stale entries are what somebody debugs. */
export const DEFAULT_CACHES: CachePolicy = 'maximal';

function caches(value: unknown): CachePolicy | undefined {
  if (value === undefined) return undefined;
  const known = CACHE_POLICIES.find((name) => name === value);
  if (known) return known;
  throw new UserError(`${JSON.stringify(value)} is no cache policy of this version`, {
    where: 'caches',
    todo: `write ${CACHE_POLICIES.map((name) => `"${name}"`).join(' or ')}`,
  });
}

/** What `viewerWorld` may be. */
const VIEWERS = ['none', ...WORLDS] as const;

function viewerWorld(value: unknown): World | null {
  if (value === undefined || value === 'none') return null;
  if (typeof value === 'string' && isWorld(value)) return value;
  throw new UserError(`${JSON.stringify(value)} is no Security state`, {
    where: 'viewerWorld',
    todo: `write ${VIEWERS.map((name) => `"${name}"`).join(' or ')}`,
  });
}

function optional<T>(value: unknown, read: (value: unknown) => T): T | undefined {
  return value === undefined ? undefined : read(value);
}

function flag(given: Record<string, unknown>, name: string, byDefault: boolean): boolean {
  const value = given[name];
  if (value === undefined) return byDefault;
  if (typeof value === 'boolean') return value;
  throw new UserError(`${JSON.stringify(value)} is not true or false`, { where: name });
}

/** A stable name of the capture, or of the program, for URIs: its folder and file, `linux-basic-small.elf.gz`. */
export function captureName(capture: unknown): string {
  const first: unknown = Array.isArray(capture) ? capture[0] : capture;
  const file = typeof first === 'object' && first !== null ? (first as { file?: unknown }).file : first;
  const text = typeof file === 'string' ? file : 'capture';
  const parts = text
    .replace(/@[^@/\\]*$/, '')
    .split(/[/\\]+/)
    .filter((part) => part !== '' && part !== '.' && part !== '..');
  return parts.slice(-2).join('-') || 'capture';
}
