/** Values for the arguments of requests: those that the protocol asks for, and all the others. */

import { type Shape, typeNamed } from '../../kit/dap-schema.ts';
import { fixture } from '../../kit/machine.ts';
import type { Random } from '../../kit/random.ts';
import { SCRIPT } from '../drive.ts';

/** Numbers and names that the adapter has given away: only they lead further in. */
export class Learnt {
  /** What is asked next. */
  readonly tour: string[] = [];
  /** Whose variables were listed last. */
  parent: unknown = 0;
  readonly #lists = new Map<string, readonly unknown[]>();

  /** Takes what it can use from a response, and from the arguments that it answers. */
  take(command: string, body: unknown, args: unknown): void {
    if (command === 'variables') this.parent = (args as { variablesReference?: unknown }).variablesReference;
    const found = new Map<string, unknown[]>();
    collect(body, command, found);
    // References become void with the next step: only the latest are kept.
    for (const [name, values] of found) this.#lists.set(name, values);
  }

  list(name: string): readonly unknown[] {
    return this.#lists.get(name) ?? [];
  }
}

const KEPT = 8;

/** What members of responses are good for: arguments by name. An `id` is one of what was asked for. */
const LEADS_TO: Readonly<Record<string, readonly string[]>> = {
  variablesReference: ['variablesReference'],
  memoryReference: ['memoryReference'],
  instructionPointerReference: ['instructionReference', 'memoryReference'],
  sourceReference: ['sourceReference'],
  dataId: ['dataId'],
  evaluateName: ['expression'],
  'stackTrace id': ['frameId'],
  'gotoTargets id': ['targetId'],
  'stepInTargets id': ['targetId'],
  'variables name': ['name'],
  path: ['path'],
};

function collect(value: unknown, command: string, found: Map<string, unknown[]>): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, member] of Object.entries(value)) {
    for (const name of LEADS_TO[`${command} ${key}`] ?? LEADS_TO[key] ?? []) {
      const list = found.get(name) ?? [];
      if (member !== 0 && list.length < KEPT) found.set(name, [...list, member]);
    }
    collect(member, command, found);
  }
}

/** Files that are no capture, no snapshot and no script, and some that are. */
const FILES = [
  SCRIPT,
  fixture('linux-pending').capture,
  fixture('linux-pending').registers,
  '/nowhere/at all',
  '/',
  '/dev/null',
  '/dev/zero',
  '',
];

/** Values that mean something, by the name of the argument. */
const MEANT: Readonly<Record<string, readonly unknown[]>> = {
  threadId: [1, 1, 1, 2, 3],
  source: [{ path: SCRIPT }, { path: SCRIPT }, { path: 'smmu:/x/ns/cmdq.smmuq' }, { sourceReference: 1 }],
  startFrame: [0, 0, 1],
  levels: [0, 20],
  start: [0, 0, 3],
  count: [0, 10, 100],
  expression: [
    'ste(8)',
    'ste 8',
    'ste(8).Config',
    'cd(8, 1).TTB0',
    'reg.ns.CR0',
    'reg CR0.SMMUEN',
    'translate sid=8 iova=0x20000',
    'translate sid=8 iova=0x1000 write step',
    'why',
    'why cmdq',
    'why sid=8 iova=0x30000',
    'maps sid=8',
    'find pa=0x50000000',
    'help',
    'history',
    'back 3',
    'again',
    '1 + (2',
    'mem(0x40400200) / 0',
    '((((((((((((((((((((',
    'translate sid=99999999999999999999 iova=-1',
  ],
  context: ['repl', 'hover', 'watch', 'clipboard', 'variables'],
  name: [
    'Config',
    'S1ContextPtr',
    'V',
    'ste(8).Config',
    'TLBI_*',
    'F_*',
    '*',
    '0x40400200',
    'reg.ns.CR0',
    '[',
  ],
  value: ['0', '5', '0xffffffffffffffff', 'bypass', '-1', '1 + 1', ''],
  memoryReference: ['0x40400200', '0x50000000', 's:0x0', 'root:0xffffffffffffffff', 'x'],
  instructionReference: ['0x5b723a90', '0x5b723a91', 'x'],
  data: ['AAAA', 'AQIDBAUGBwg=', '????', ''],
  line: [1, 2, 6, 7, 10, 12, 13, 100],
  condition: ['sid == 8', 'iova >= 0x2000 && rnw', 'iova > ', 'ste(8).Config == 5', 'nothing', '1 / 0'],
  hitCondition: ['> 3', '% 2', '1', '%', '< -1'],
  logMessage: ['{sid}', 'at {iova:x}', '{', '{1 / 0}'],
  filters: [['F_TRANSLATION'], ['stale-use', 'CERROR_ILL'], ['nothing'], []],
  filterId: ['F_TRANSLATION', 'CERROR_ILL', 'stale-use', 'nothing'],
  text: ['tr', 'translate sid=8 ', 'ste(', 'ste(8).', 'reg.ns.C', ''],
  path: [
    SCRIPT,
    'smmu:/x/ns/cmdq.smmuq',
    'smmu:/x/ns/STE@0x40400200.smmuq',
    'smmu:/x/ns/STE@0xfffffffffffff.smmuq',
  ],
  dataId: ['ns:0x40400200:8', 'x'],
  program: [SCRIPT, SCRIPT, SCRIPT, ...FILES],
  capture: FILES,
  registers: [...FILES, { CR0: 1 }, {}],
  accessType: ['read', 'write', 'readWrite'],
  // Of requests beyond the protocol.
  uri: ['smmu:/x/ns/cmdq.smmuq', 'smmu:/x/ns/eventq.smmuq', 'smmu:/', 'x'],
  world: ['ns', 's', 'realm', 'root', 'x'],
};

const NUMBERS = [0, 1, 2, 3, 10, 1000, 1001, -1, 0.5, 65_535, 2 ** 31, 2 ** 32, 2 ** 53, 1e308, -(2 ** 63)];
const STRINGS = [
  '',
  'x',
  '0',
  '8',
  '__proto__',
  'constructor',
  '../../..',
  '\u0000',
  '\u{1f41b}',
  'é',
  'y'.repeat(5000),
];

/** Something that has nothing to do with what is asked for. */
export function anything(random: Random, depth = 0): unknown {
  switch (random.below(depth > 3 ? 4 : 7)) {
    case 0:
      return random.of(NUMBERS);
    case 1:
      return random.of(STRINGS);
    case 2:
      return random.of([true, false]);
    case 3:
      return null;
    case 4:
      return Array.from({ length: random.below(4) }, () => anything(random, depth + 1));
    case 5:
      return Array.from({ length: 300 }, () => ({}));
    default:
      return Object.fromEntries(
        ['line', 'path', 'name', 'x', '__proto__', 'toString'].map((key) => [
          key,
          anything(random, depth + 1),
        ]),
      );
  }
}

/** A value of a type of the protocol, most of the time. */
export function valueFor(shape: Shape, name: string, random: Random, learnt: Learnt, depth = 0): unknown {
  if (random.once(25)) return anything(random);
  const taken = learnt.list(name);
  if (taken.length > 0 && !random.once(10)) return random.of(taken);
  const meant = MEANT[name];
  if (meant && !random.once(20)) return random.of(meant);
  switch (shape.kind) {
    case 'any':
      return anything(random, 2);
    case 'literal':
      return shape.value;
    case 'union':
      return valueFor(random.of(shape.of), name, random, learnt, depth);
    case 'array':
      return Array.from({ length: random.below(4) }, () =>
        valueFor(shape.of, name, random, learnt, depth + 1),
      );
    case 'map':
      return {};
    case 'object':
      return membersOf(shape, random, learnt, depth);
    case 'named':
      return namedValue(shape.name, name, random, learnt, depth);
  }
}

function namedValue(type: string, name: string, random: Random, learnt: Learnt, depth: number): unknown {
  const declared = typeNamed(type);
  if (declared) return depth > 5 ? {} : valueFor(declared, name, random, learnt, depth + 1);
  if (type === 'number') return random.of(NUMBERS);
  if (type === 'boolean') return random.of([true, false]);
  return type === 'null' ? null : random.of(STRINGS);
}

function membersOf(shape: Shape & { kind: 'object' }, random: Random, learnt: Learnt, depth: number): object {
  const made: Record<string, unknown> = {};
  for (const [name, { optional, shape: member }] of shape.members) {
    if (random.once(optional ? 2 : 30)) continue;
    made[name] = valueFor(member, name, random, learnt, depth + 1);
  }
  return made;
}
