import type { World } from '../../bits/world.ts';
import { stackAt } from '../../control/position.ts';
import { worldOf } from '../../control/thread.ts';
import { worldName } from '../../inspect/text.ts';
import type { Frame, Plan } from '../../model/plan.ts';
import type { Debuggee, FrameRef } from '../debuggee.ts';
import { type Children, named } from '../variable-node.ts';
import { cachesScope } from './caches.ts';
import { currentStepScope } from './current-step.ts';
import { devicesScope } from './devices.ts';
import { listerFor } from './list.ts';
import { operationScope } from './operation.ts';
import { pendingScope } from './pending.ts';
import { queuesScope } from './queues.ts';
import { bankChildren } from './registers.ts';
import { structureScope } from './structure.ts';
import { trafficScope } from './traffic.ts';
import { coldNode, whatIfScope } from './what-if.ts';

/** A scope before it has a number for the protocol. */
export interface ScopeNode {
  readonly name: string;
  readonly children: Children;
  /** Not opened unless the user asks. */
  readonly expensive: boolean;
  readonly hint?: 'arguments' | 'locals' | 'registers';
}

/** Titles of the structures that a stack holds. */
const STRUCTURES: Readonly<Record<string, string>> = {
  l1std: 'L1STD',
  ste: 'STE',
  vms: 'VMS',
  dpt: 'DPT',
  gpt: 'GPT',
  l1cd: 'L1CD',
  cd: 'CD',
  descriptor: 'Descriptor',
};

/**
 * The scopes of a stack frame: where it stands, its structure first, then those around it, then the SMMU.
 * @param shown the Security state whose registers and queues are wanted; null: of all
 */
export function scopesOf(debuggee: Debuggee, ref: FrameRef, shown: World | null): ScopeNode[] {
  const { smmu, viewer } = debuggee;
  const lister = listerFor(viewer);
  const isShown = (world: World): boolean => shown === null || world === shown;
  return [
    ...operationScopes(debuggee, ref),
    ...whatIf(debuggee, ref),
    ...ownFirst(debuggee.worlds.filter(isShown), ref).map(
      (world): ScopeNode => ({
        name: titleOf('Registers', world),
        children: viewer.sees(world) ? bankChildren(smmu, world) : maskedChildren(viewer.text(world)),
        expensive: true,
        hint: 'registers',
      }),
    ),
    ...ownFirst(debuggee.queueWorlds.filter(isShown), ref).map((world) => ({
      name: titleOf('Queues', world),
      children: queuesScope(smmu, world),
      expensive: true,
    })),
    { name: 'Caches', children: cachesScope(smmu, lister), expensive: true },
    { name: 'Traffic', children: trafficScope(smmu, lister), expensive: true },
    { name: 'Devices', children: devicesScope(debuggee), expensive: true },
  ];
}

/** What stands in place of what is hidden. */
function maskedChildren(value: string): Children {
  return named(() => [{ name: 'registers', value }]);
}

/** The world that a thread is about comes first. */
function ownFirst(worlds: readonly World[], { thread }: FrameRef): readonly World[] {
  const own = worldOf(thread);
  return own === null || !worlds.includes(own) ? worlds : [own, ...worlds.filter((world) => world !== own)];
}

/** `Registers`, `Registers (Secure)`. */
function titleOf(what: string, world: World): string {
  return world === 'ns' ? what : `${what} (${worldName(world)})`;
}

function operationScopes(debuggee: Debuggee, ref: FrameRef): ScopeNode[] {
  const position = debuggee.debugger.position(ref.thread);
  if (position.at !== 'operation') return [];
  const { plan, cursor } = position;
  const stack = stackAt(plan, cursor).filter(({ frame }) => STRUCTURES[frame.kind] !== undefined);
  const own = stack.find((frame) => frame.index === ref.index);
  const ordered = own ? [own, ...stack.filter((frame) => frame !== own)] : stack;
  const structures = ordered.map(({ frame }) => ({
    name: STRUCTURES[frame.kind] ?? frame.layout,
    children: named(() => structureScope(presentFrame(debuggee, ref, frame)).names?.() ?? []),
    expensive: false,
  }));
  return [
    { name: 'Current step', children: currentStepScope(plan, cursor), expensive: false, hint: 'locals' },
    { ...withCold(debuggee, plan), expensive: false, hint: 'arguments' },
    ...structures,
    { name: 'Pending', children: pendingScope(debuggee.smmu, plan), expensive: false },
  ];
}

/** Only once somebody has changed something. */
function whatIf({ debugger: control }: Debuggee, { thread }: FrameRef): ScopeNode[] {
  const variants = control.variants(thread);
  return variants.length === 0
    ? []
    : [{ name: 'What if', children: whatIfScope(variants), expensive: false }];
}

/** The frame as it is by now: somebody may have changed the structure since the scope was made. */
function presentFrame(debuggee: Debuggee, { thread }: FrameRef, of: Frame): Frame {
  const position = debuggee.debugger.position(thread);
  if (position.at !== 'operation') return of;
  const same = ({ pa, space, layout }: Frame): boolean =>
    pa === of.pa && space === of.space && layout === of.layout;
  return position.plan.frames.find(same) ?? of;
}

/** The operation; of a transaction also what it would come to without caches. */
function withCold({ smmu }: Debuggee, plan: Plan): { name: string; children: Children } {
  const scope = operationScope(plan);
  if (plan.operation.kind !== 'transaction') return scope;
  const { names } = scope.children;
  return { ...scope, children: named(() => [...(names?.() ?? []), coldNode(smmu, plan.operation)]) };
}
