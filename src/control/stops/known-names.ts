/** Every name that an expression about an operation may use. */

import { WORLDS } from '../../bits/world.ts';
import type { DecisionReason } from '../../model/notifiers/decision.ts';
import { COMMAND_ALIASES, COMMAND_LIST } from '../../spec/commands.ts';
import { EVENT_LIST } from '../../spec/events.ts';
import { STRUCTURES } from '../../spec/layouts.ts';
import { CONSUMERS } from '../../spec/notifiers.ts';
import { BREACHES } from '../isolation/breach.ts';

/** What an operation, a step, a fault or a finding has. */
export const OPERATION_NAMES = [
  'sid',
  'ssid',
  'world',
  'iova',
  'ipa',
  'pa',
  'stage',
  'level',
  'class',
  'certainty',
  'rnw',
  'asid',
  'vmid',
  'opcode',
  'command',
  'event',
  'result',
  'actsOn',
  'device',
  'consumer',
  'delivered',
  'reason',
  'breach',
] as const;

export type OperationName = (typeof OPERATION_NAMES)[number];

export const FUNCTION_NAMES = ['ste', 'cd', 'mem'] as const;

/** The name under which registers are found: `reg.ns.CR0.SMMUEN`. */
export const REGISTER_NAME = 'reg';

/** Why notifiers are told or not; the compiler names one that is left out. */
const REASONS: Readonly<Record<DecisionReason, true>> = {
  delivered: true,
  'no-configuration': true,
  asid: true,
  vmid: true,
  stage: true,
  'no-overlap': true,
  flag: true,
  policy: true,
  gap: true,
  'qemu-aborts': true,
  'illegal-there': true,
};

const NOTIFIER_WORDS: readonly string[] = [...CONSUMERS, ...Object.keys(REASONS), ...Object.keys(BREACHES)];

function hasHyphen(word: string): boolean {
  return word.includes('-');
}

/** Words for what an operation may come to, and what a fault or finding is. */
const WORDS = [
  ...WORLDS,
  'ok',
  'abort',
  'razwi',
  'stall',
  'absent',
  'miss',
  'consumed',
  'idle',
  'CD',
  'TT',
  'IN',
  'certain',
  'possible',
  'unsafe',
  // What is the name of something as well means that, and is written as a text.
  ...NOTIFIER_WORDS.filter((word) => !hasHyphen(word) && !OPERATION_NAMES.some((name) => name === word)),
] as const;

/** Words whose own form has a hyphen, which an expression would take for a minus. */
const HYPHENED: readonly string[] = [
  'command-error',
  'not-modelled',
  'spurious-fault',
  ...NOTIFIER_WORDS.filter(hasHyphen),
];

const CONSTANTS = new Map<string, string>([
  ...WORDS.map((word) => [word.toLowerCase(), word] as const),
  ...HYPHENED.map((word) => [word.replaceAll('-', '_'), word] as const),
  ...EVENT_LIST.map(({ name }) => [name.toLowerCase(), name] as const),
  ...[...COMMAND_LIST.map(({ name }) => name), ...Object.keys(COMMAND_ALIASES)].flatMap((name) => {
    const short = name.replace(/^CMD_/, '');
    return [
      [name.toLowerCase(), short],
      [short.toLowerCase(), short],
    ] as const;
  }),
]);

/** The text that a bare word stands for: names of events, commands, worlds and results need no quotes. */
export function constantOf(name: string): string | undefined {
  return CONSTANTS.get(name.toLowerCase());
}

const FIELDS: ReadonlySet<string> = new Set(
  [
    ...STRUCTURES,
    ...COMMAND_LIST.map(({ layout }) => layout),
    ...EVENT_LIST.map(({ layout }) => layout),
  ].flatMap(({ list }) => list.map(({ name }) => name)),
);

const FIXED: ReadonlySet<string> = new Set([...OPERATION_NAMES, ...FUNCTION_NAMES, REGISTER_NAME]);

/** Whether a name means something at some operation. */
export function isKnownName(name: string): boolean {
  return FIXED.has(name) || FIELDS.has(name) || constantOf(name) !== undefined;
}

/** All of them, for completions and suggestions. */
export function knownNames(): readonly string[] {
  return [...FIXED, ...FIELDS, ...CONSTANTS.values()];
}
