/** Expectations of notifiers: who registered, who was told of what, and what consumers hold. */

import { hex, hex64 } from '../../../bits/u64.ts';
import type { NotifyDecision } from '../../../model/notifiers/decision.ts';
import type { HeldMapping } from '../../../model/notifiers/device.ts';
import type { Context } from './actions.ts';
import type { Reading } from './reading.ts';
import type { Unmet } from './state.ts';
import { deviceOf } from './traffic.ts';

const whole = (hi: number, lo: number): bigint => (BigInt(hi >>> 0) << 32n) + BigInt(lo >>> 0);

/** What the statement asks for, as it is written. */
function asked({ bound }: Reading, subject: string): string {
  const words = [...bound.words.values()].map(({ text, quoted }) => (quoted ? JSON.stringify(text) : text));
  const named = [...bound.arguments.values()].map(({ name, value }) => `${name.text}=${value.text}`);
  return [subject, ...words, ...named, ...bound.flags.keys()].join(' ');
}

export function registered(of: Context): Unmet | null {
  const { smmu, environment, reading } = of;
  const device = deviceOf(environment, reading);
  const consumer = reading.argument('consumer')?.text;
  const all = (smmu.notifiers.devices.get(device.name)?.notifiers ?? []).filter((one) => one !== null);
  if (all.some((one) => consumer === undefined || one.consumer === consumer)) return null;
  const refused = environment.last.refused.at(-1);
  const actual =
    all.length > 0
      ? `${device.name} has ${all.map((one) => one.consumer).join(', ')}`
      : refused === undefined
        ? `${device.name} has no notifier`
        : `refused: ${refused.message}`;
  return { expected: asked(reading, 'registered'), actual };
}

export function refused(of: Context): Unmet | null {
  const { environment, reading } = of;
  const device = deviceOf(environment, reading);
  const consumer = reading.argument('consumer')?.text;
  const text = reading.bound.words.get('message')?.text ?? '';
  const all = environment.last.refused.filter((one) => one.device === device.name);
  const met = all.some(
    (one) =>
      (consumer === undefined || one.notifier.consumer === consumer) &&
      one.message.includes(text) &&
      (!reading.flag('exits') || one.exits),
  );
  if (met) return null;
  const told = all.map((one) => `${one.message}${one.exits ? ' (QEMU exits)' : ''}`);
  return { expected: asked(reading, 'refused'), actual: told.join('; ') || 'no registration was refused' };
}

/** `delivered to disk: UNMAP 0x1000 + 0x1000 (s)`. */
function decisionText({ delivered, device, reason, event, path, action }: NotifyDecision): string {
  const what =
    event === null
      ? ''
      : `: ${event.type} ${hex64(event.firstHi, event.firstLo)}-${hex64(event.lastHi, event.lastLo)} (${event.space})`;
  const done = action === null ? '' : action.done ? ', done' : `, refused: ${action.message}`;
  return `${delivered ? 'told' : `not told (${reason})`} ${device}, path ${path}${what}${done}`;
}

/** Of decisions that one message names. */
const MOST_NAMED = 32;

function brief(all: readonly NotifyDecision[]): readonly string[] {
  const more = all.length - MOST_NAMED;
  const named = all.slice(0, MOST_NAMED).map(decisionText);
  return more > 0 ? [...named, `and ${more} more`] : named;
}

export function notify(of: Context): Unmet | null {
  const { environment, reading } = of;
  const kind = reading.word('kind').text;
  const device = reading.bound.words.get('device')?.text;
  const batches = environment.last.decisions;
  const all = batches
    .flatMap(({ decisions }) => decisions)
    .filter((one) => device === undefined || one.device === device);
  const matching = all.filter((one) => matches(reading, one));
  const delivered = matching.filter((one) => one.delivered);
  const met =
    kind === 'none'
      ? !all.some((one) => one.delivered && inScope(reading, one)) &&
        (reading.argument('reason') === null || matching.length > 0)
      : delivered.some(({ event }) => event?.type.toLowerCase() === kind);
  const forgotten = batches.reduce((sum, one) => sum + (one.isForgotten ? one.count : 0), 0);
  // What is forgotten may have been delivered, so that nothing follows from what is left.
  if (met && (kind !== 'none' || forgotten === 0)) return null;
  const left = forgotten === 0 ? [] : [`${forgotten} decisions are too old to be kept`];
  return {
    expected: asked(reading, 'notify'),
    actual: [...brief(all), ...left].join('; ') || 'no decision',
  };
}

/** Whether a decision is about what the statement names, whatever came of it. */
function inScope(reading: Reading, { actsOn, path, notifier }: NotifyDecision): boolean {
  const named = (name: string): string | undefined => reading.argument(name)?.text;
  const number = reading.number('notifier');
  return (
    (named('world') ?? actsOn) === actsOn &&
    (named('path') ?? path) === path &&
    (number === null || number === BigInt(notifier))
  );
}

function matches(reading: Reading, decision: NotifyDecision): boolean {
  const { reason, event, action } = decision;
  if (!inScope(reading, decision)) return false;
  if ((reading.argument('reason')?.text ?? reason) !== reason) return false;
  if (reading.flag('done') && action?.done !== true) return false;
  if (reading.flag('refused') && action?.done !== false) return false;
  const [iova, size] = [reading.number('iova'), reading.number('size', (1n << 64n) + 1n)];
  const space = reading.argument('space')?.text;
  if (iova === null && size === null && space === undefined) return true;
  if (event === null) return false;
  const first = whole(event.firstHi, event.firstLo);
  return (
    (iova === null || iova === first) &&
    (size === null || size === whole(event.lastHi, event.lastLo) - first + 1n) &&
    (space === undefined || space === event.space)
  );
}

/** What the consumers of a device hold, of one address when the statement names one. */
function heldBy({ smmu, environment, reading }: Context): HeldMapping[] {
  const { name } = deviceOf(environment, reading);
  const iova = reading.bound.words.has('address') ? reading.count('address') : null;
  const number = reading.number('notifier');
  return [...smmu.notifiers.held.values()].filter((one) => {
    const first = whole(one.iovaHi, one.iovaLo);
    return (
      one.device === name &&
      (number === null || number === BigInt(one.notifier)) &&
      (iova === null || (iova >= first && iova < first + (1n << BigInt(one.shift))))
    );
  });
}

function heldText(all: readonly HeldMapping[]): string {
  if (all.length === 0) return 'nothing is held';
  return all
    .map((one) => `${hex64(one.iovaHi, one.iovaLo)} -> ${hex(one.pa)} (${one.space}) held`)
    .join('; ');
}

export function held(of: Context): Unmet | null {
  const { reading } = of;
  const [pa, space] = [reading.number('pa'), reading.argument('space')?.text];
  const all = heldBy(of);
  const met = all.some(
    (one) => (pa === null || pa === BigInt(one.pa)) && (space === undefined || space === one.space),
  );
  return met ? null : { expected: asked(reading, 'held'), actual: heldText(all) };
}

export function notHeld(of: Context): Unmet | null {
  const all = heldBy(of);
  return all.length === 0 ? null : { expected: asked(of.reading, 'not-held'), actual: heldText(all) };
}
