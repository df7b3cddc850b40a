/** What the names of an expression mean at one step of an operation. */

import { fieldOf, type Layout } from '../../bits/layout.ts';
import type { NotifyDecision } from '../../model/notifiers/decision.ts';
import type { Frame, Operation, Transaction } from '../../model/plan.ts';
import type { Smmu } from '../../model/smmu.ts';
import { opcodeOf } from '../../spec/commands.ts';
import { CLASS_CD, CLASS_TT, EVENTS } from '../../spec/events.ts';
import { layoutByName } from '../../spec/layouts.ts';
import type { Scope, Value } from '../expression/value.ts';
import type { Finding } from '../finding.ts';
import type { IsolationFinding } from '../isolation/breach.ts';
import { stackAt } from '../position.ts';
import { callFunction, fieldValue, registersBag } from './bags.ts';
import {
  constantOf,
  isKnownName,
  OPERATION_NAMES,
  type OperationName,
  REGISTER_NAME,
} from './known-names.ts';
import type { View } from './stop.ts';

/** A scope that remembers whether it was asked for something that the operation does not have. */
export interface OperationScope extends Scope {
  /** The last name that means something elsewhere but nothing here, or null. */
  readonly absent: string | null;
}

/** Words with what describes them. */
interface Structure {
  readonly layout: Layout;
  readonly words: Uint32Array;
}

/** What belongs to no operation: registers, `ste(8)`, `cd(8, 1)`, `mem(0x80001000)`, and names that are texts. */
export function machineScope(smmu: Smmu): Scope {
  return {
    name: (name) => (name === REGISTER_NAME ? registersBag(smmu) : constantOf(name)),
    call: (name, args) => callFunction(smmu, name, args),
  };
}

/**
 * What names mean before step `at` of a planned operation: those of `OPERATION_NAMES`, then the fields of the record, of
 * the innermost structure and of those around it, then what {@link machineScope} has.
 * @param outer asked for names that nothing here has: the variables of a program
 */
export function operationScope(
  { smmu, plan, findings }: View,
  at: number,
  outer: Scope | null = null,
): OperationScope {
  const around = machineScope(smmu);
  const step = plan.steps[at];
  const fault = step?.fault ?? null;
  const stack = stackAt(plan, at).map(({ frame }) => frame);
  const last = plan.steps.length - 1;
  const finding = findings.find((f) => (f.step < 0 ? last : f.step) === at) ?? null;
  const decision = step?.decision ?? decisionOf(finding);
  let structures: Structure[] | null = null;
  let absent: string | null = null;

  const fields = (): Structure[] => {
    structures ??= [...recordOf(), ...stack.flatMap(structureOf)];
    return structures;
  };
  const recordOf = (): Structure[] => {
    const { record } = plan.outcome;
    return fault?.event && record ? [{ layout: EVENTS[fault.event].layout, words: record }] : [];
  };
  const field = (name: string): bigint | undefined => fieldIn(fields(), name);
  const own = (name: OperationName): Value | undefined => {
    const t = streamOf(plan.operation);
    switch (name) {
      case 'sid':
        if (t) return BigInt(t.sid);
        return decision === null ? field('StreamID') : BigInt(decision.sid);
      case 'ssid':
        return t ? BigInt(t.ssid) : field('SubstreamID');
      case 'world':
        return worldOf(plan.operation);
      case 'iova':
        return t ? (BigInt(t.hi) << 32n) | BigInt(t.lo) : field('Address');
      case 'ipa':
        return fault?.ipa === undefined ? undefined : BigInt(fault.ipa);
      case 'pa':
        return paOf();
      case 'stage':
        return BigInt(fault?.stage || (stack[0]?.stage ?? 0));
      case 'level':
        return levelOf();
      case 'class':
        return finding?.class ?? (fault ? className(fault.class) : undefined);
      case 'certainty':
        return finding?.certainty;
      case 'rnw':
        return t ? (t.write ? 0n : 1n) : field('RnW');
      case 'asid':
        return field('ASID');
      case 'vmid':
        return field('VMID') ?? field('S2VMID');
      case 'opcode':
        return commandWords() ? BigInt(opcodeOf(commandWords() as Uint32Array, 0)) : undefined;
      case 'command':
        return plan.operation.kind === 'command' ? plan.frames[0]?.layout.replace(/^CMD_/, '') : undefined;
      case 'event':
        return fault?.event ?? plan.outcome.fault?.event ?? undefined;
      case 'result':
        return plan.outcome.result;
      case 'actsOn':
        return decision?.actsOn;
      case 'device':
        return decision?.device ?? deviceOf(plan.operation);
      case 'consumer':
        return decision?.consumer ?? consumerOf(plan.operation);
      case 'delivered':
        return decision?.delivered;
      case 'reason':
        return decision?.reason;
      case 'breach':
        return finding !== null && 'breach' in finding ? String(finding.breach) : undefined;
    }
  };
  const paOf = (): bigint | undefined => {
    const { operation, outcome } = plan;
    if (operation.kind === 'transaction' && outcome.result === 'ok') return BigInt(outcome.pa);
    if (operation.kind === 'command' || operation.kind === 'memory') return BigInt(operation.pa);
    const pa = stack[0]?.pa ?? null;
    return pa === null ? undefined : BigInt(pa);
  };
  const levelOf = (): bigint | undefined => {
    if (fault && fault.stage > 0) return BigInt(fault.level);
    return stack[0]?.kind === 'descriptor' ? BigInt(stack[0].level) : undefined;
  };
  const commandWords = (): Uint32Array | null => {
    const words = plan.operation.kind === 'command' ? plan.frames[0]?.words : undefined;
    return words && words.length >= 4 ? words : null;
  };

  return {
    get absent() {
      return absent;
    },
    name(name) {
      const value = isOwn(name) ? own(name) : undefined;
      const found = value ?? outer?.name(name) ?? field(name) ?? around.name(name);
      if (found === undefined && isKnownName(name)) absent = name;
      return found;
    },
    call: (name, args) => outer?.call?.(name, args) ?? around.call?.(name, args),
  };
}

/**
 * What conditions at a line of a program see: its variables, and the first operation that the line will do.
 * @param ahead that operation, before its first step; null when there is none
 */
export function lineScope(
  smmu: Smmu | null,
  program: Scope | null,
  ahead: View | null = null,
): OperationScope {
  if (ahead) return operationScope(ahead, 0, program);
  const around = smmu && machineScope(smmu);
  let absent: string | null = null;
  return {
    get absent() {
      return absent;
    },
    name(name) {
      const found = program?.name(name) ?? around?.name(name);
      if (found === undefined && isKnownName(name)) absent = name;
      return found;
    },
    call: (name, args) => program?.call?.(name, args) ?? around?.call?.(name, args),
  };
}

/** The decision that a finding is about. */
function decisionOf(finding: Finding | null): NotifyDecision | null {
  return finding !== null && 'decision' in finding ? (finding as IsolationFinding).decision : null;
}

function deviceOf(operation: Operation): string | undefined {
  if (operation.kind !== 'device' || operation.change.what === 'rules') return undefined;
  const { change } = operation;
  return change.what === 'plug' ? change.device.name : change.device;
}

function consumerOf(operation: Operation): string | undefined {
  if (operation.kind !== 'device' || operation.change.what !== 'register') return undefined;
  return operation.change.notifier.consumer;
}

const OWN: ReadonlySet<string> = new Set(OPERATION_NAMES);
function isOwn(name: string): name is OperationName {
  return OWN.has(name);
}

function fieldIn(structures: readonly Structure[], name: string): bigint | undefined {
  for (const { layout, words } of structures) {
    const field = fieldOf(layout, name);
    if (field) return fieldValue(field, words);
  }
  return undefined;
}

function structureOf(frame: Frame): Structure[] {
  const layout = layoutByName(frame.layout);
  return layout && frame.words.length >= layout.words ? [{ layout, words: frame.words }] : [];
}

function className(cls: 0 | 1 | 2): string {
  return cls === CLASS_CD ? 'CD' : cls === CLASS_TT ? 'TT' : 'IN';
}

interface Stream extends Pick<Transaction, 'sid' | 'ssid'> {
  readonly hi: number;
  readonly lo: number;
  readonly write: boolean;
}

function streamOf(operation: Operation): Stream | null {
  switch (operation.kind) {
    case 'transaction': {
      const { sid, ssid, vaHi: hi, vaLo: lo, write } = operation.transaction;
      return { sid, ssid, hi, lo, write };
    }
    case 'page-request': {
      const { sid, ssid, addressHi: hi, addressLo: lo, write } = operation.request;
      return { sid, ssid, hi, lo, write };
    }
    case 'page-hint': {
      const { sid, ssid, addressHi: hi, addressLo: lo } = operation.hint;
      return { sid, ssid, hi, lo, write: false };
    }
    default:
      return null;
  }
}

function worldOf(operation: Operation): string {
  switch (operation.kind) {
    case 'transaction':
      return operation.transaction.world;
    case 'command':
      return operation.world;
    case 'register':
      return operation.world ?? 'ns';
    case 'memory':
    case 'learned':
      return operation.space;
    case 'page-request':
      return operation.request.world;
    case 'page-hint':
      return operation.hint.world;
    case 'broadcast-tlbi':
      return operation.message.world;
    case 'broadcast-tlbi-pa':
      return 'root';
    case 'device':
      return '';
  }
}
