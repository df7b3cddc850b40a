/**
 * Global errors and interrupts: IHI 0070 3.18 and 7.5. Whatever raises one adds effects in the order in which the
 * architecture makes them visible: first what the interrupt tells of, then the interrupt.
 */

import { hex } from '../bits/u64.ts';
import type { World } from '../bits/world.ts';
import type { QueueWorld } from '../spec/commands.ts';
import { type GerrorName, gerrorMask, worldHasGerror } from '../spec/gerror.ts';
import { WORLD_PREFIX } from '../spec/registers.ts';
import { ADDRESS_BITS } from '../spec/translation.ts';
import { offsetOf } from './bank.ts';
import { judgeWrite } from './gpc/own-write.ts';
import { reportOwnAccess } from './gpc/report.ts';
import type { QueueMachine } from './machine.ts';
import type { Effect, Recorder } from './plan.ts';
import { msiSpace } from './queues/world-queues.ts';
import { attributesText } from './translate/attribute-text.ts';
import { stage2Attributes } from './translate/attributes.ts';
import { wordAfter } from './word-after.ts';

export { wordAfter } from './word-after.ts';

/** Where effects of a world's registers and queues go. */
export interface Signals {
  readonly machine: QueueMachine;
  readonly world: QueueWorld;
  readonly effects: Effect[];
  readonly recorder: Recorder | null;
}

/** A register of the world, bits [31:0], as it will be once the effects so far are committed. */
export function registerAfter(on: Signals, stem: string): number {
  return wordAfter(on.machine.bank, on.effects, offsetOf(WORLD_PREFIX[on.world] + stem));
}

/** Sources of interrupts that have registers for them; MSIs of CMD_SYNC are described in the command. */
export type InterruptSource = 'GERROR' | 'EVENTQ' | 'PRIQ';

const IRQEN: Readonly<Record<InterruptSource, number>> = { GERROR: 1, PRIQ: 2, EVENTQ: 4 };

/** A message-signalled interrupt: a write of 32 bits. */
export interface Msi {
  /** PA in bytes, as it was configured. */
  readonly pa: number;
  readonly data: number;
  readonly sh: number;
  /** As STE.MemAttr. */
  readonly memAttr: number;
  readonly space: World;
}

/** Whether the interrupts of a world can be MSIs. */
export function hasMsi(machine: QueueMachine, world: QueueWorld): boolean {
  return machine.state(world).features.msi;
}

/** How an MSI is written, in words. */
function msiText(msi: Msi): string {
  return attributesText(stage2Attributes(msi.memAttr, msi.sh));
}

/**
 * Writes an MSI. An abort of it becomes GERROR.MSI_*_ABT_ERR.
 * @param source whose MSI it is, for the name of the error
 */
export function sendMsi(on: Signals, msi: Msi, source: InterruptSource | 'CMDQ', field: string | null): void {
  const { bank } = on.machine;
  // An address beyond OAS is cut to it (3.4.3).
  const pa = msi.pa % 2 ** (ADDRESS_BITS[bank.field('IDR5', 'OAS')] ?? 32);
  const what = source === 'CMDQ' ? 'CMD_SYNC' : source;
  const fate = judgeWrite(on.machine, msi.space, pa, 4);
  if (fate === 'unknown') return;
  if (fate === 'aborts') {
    on.recorder?.step('interrupt', `the ${what} MSI to ${hex(pa)} (${msiText(msi)}) aborts`, field);
    raiseGerror(on, `MSI_${source}_ABT_ERR`);
    return;
  }
  const text = `the ${what} MSI writes ${hex(msi.data)} to ${hex(pa)} (${msiText(msi)})`;
  on.recorder?.step('interrupt', text, field);
  const words = Uint32Array.of(msi.data);
  on.effects.push({ kind: 'memory', space: msi.space, pa, words, what: `${what} MSI` });
}

/** What *_IRQ_CFG0 to *_IRQ_CFG2 of a source say (6.3.21 to 6.3.23). */
function configuredMsi(on: Signals, source: InterruptSource): Msi {
  const { bank } = on.machine;
  const stem = `${WORLD_PREFIX[on.world]}${source}_IRQ_CFG`;
  const nonSecure = on.world === 'realm' && bank.field(`${stem}0`, 'NS') === 1;
  return {
    pa: bank.field(`${stem}0`, 'ADDR'),
    data: bank.lo(`${stem}1`),
    sh: bank.field(`${stem}2`, 'SH'),
    memAttr: bank.field(`${stem}2`, 'MemAttr'),
    space: msiSpace(on.machine.state(on.world).rulesOff, on.world, nonSecure),
  };
}

/** Raises the interrupt of a source, if it is enabled: an MSI where one is configured, else the wired one (3.18.2). */
function interrupt(on: Signals, source: InterruptSource, why: string): void {
  if ((registerAfter(on, 'IRQ_CTRL') & IRQEN[source]) === 0) return;
  const msi = hasMsi(on.machine, on.world) ? configuredMsi(on, source) : null;
  on.effects.push({ kind: 'signal', what: `${source} interrupt: ${why}` });
  if (msi !== null && msi.pa !== 0) sendMsi(on, msi, source, null);
  else on.recorder?.step('interrupt', `wired ${source} interrupt: ${why}`);
}

/** The event queue is no longer empty (3.18.2). */
export function interruptEventq(on: Signals): void {
  interrupt(on, 'EVENTQ', 'the event queue is no longer empty');
}

/** What became of a page request, as far as interrupts go. */
export interface PageRequestFate {
  /** The request was written, and the queue was empty before. */
  readonly firstEntry: boolean;
  /** The request has Last=1. */
  readonly last: boolean;
  readonly written: boolean;
  /** Not written because the queue overflows or has overflowed. */
  readonly overflow: boolean;
}

/**
 * The PRI queue's interrupt (6.3.36). With PRIQ_IRQ_CFG2.LO=0 it tells that the queue is no longer empty; with LO=1 that a
 * request with Last=1 was written or was lost to an overflow.
 */
export function interruptPriq(on: Signals, fate: PageRequestFate): void {
  const lastOnly = on.machine.bank.field(`${WORLD_PREFIX[on.world]}PRIQ_IRQ_CFG2`, 'LO') === 1;
  if (!lastOnly) {
    if (fate.written && fate.firstEntry) interrupt(on, 'PRIQ', 'the PRI queue is no longer empty');
    return;
  }
  if (!fate.last) return;
  if (fate.written) interrupt(on, 'PRIQ', 'a Last page request was written');
  else if (fate.overflow) interrupt(on, 'PRIQ', 'a Last page request was lost to an overflow');
}

/**
 * Activates a global error by toggling its bit in GERROR, and raises the GERROR interrupt (7.5). One that is active
 * already stays as it is.
 * @param detail what happened, for people
 * @returns whether the error has become active just now
 */
export function raiseGerror(on: Signals, name: GerrorName, detail = ''): boolean {
  if (on.machine.protection !== null) reportOwnAccess(on, name);
  if (!worldHasGerror(on.world, name)) return false;
  const mask = gerrorMask(name);
  const gerror = registerAfter(on, 'GERROR');
  if (((gerror ^ registerAfter(on, 'GERRORN')) & mask) !== 0) return false;
  const register = `${WORLD_PREFIX[on.world]}GERROR`;
  on.effects.push({
    kind: 'register',
    offset: offsetOf(register),
    value: (gerror ^ mask) >>> 0,
    what: `${register}.${name} toggles${detail === '' ? '' : `: ${detail}`}`,
  });
  // Another MSI to the same place might abort as well (7.5.1).
  if (name !== 'MSI_GERROR_ABT_ERR') interrupt(on, 'GERROR', `${name} is active`);
  return true;
}

/** Enters service failure mode: both programming interfaces are told (12.3). */
export function enterServiceFailure(machine: QueueMachine, reason: string, effects: Effect[]): void {
  if (machine.failure.active) return;
  effects.push({
    kind: 'store',
    store: machine.failure,
    op: 'insert',
    entry: reason,
    what: `service failure mode: ${reason}`,
  });
  raiseGerror({ machine, world: 'ns', effects, recorder: null }, 'SFM_ERR', reason);
  if (machine.bank.field('S_IDR1', 'SECURE_IMPL') === 0) return;
  raiseGerror({ machine, world: 's', effects, recorder: null }, 'SFM_ERR', reason);
}
