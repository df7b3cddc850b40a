/** TLB invalidations that PEs broadcast: IHI 0070 3.17 and 16.7.7. They act like the command of the same scope. */

import type { Field } from '../../bits/layout.ts';
import { hex, hex64 } from '../../bits/u64.ts';
import { BROADCASTS, type BroadcastFacts } from '../../spec/broadcast.ts';
import {
  COMMANDS,
  type CommandName,
  type CommandSpec,
  type Legality,
  type QueueWorld,
} from '../../spec/commands.ts';
import { feature, holds } from '../../spec/features.ts';
import { WORLD_PREFIX } from '../../spec/registers.ts';
import { STREAM_WORLDS, type StreamWorld } from '../../spec/stream-worlds.ts';
import { paOf, type Tlb, type TlbEntry } from '../caches/tlb.ts';
import { storeOf } from '../caches/used.ts';
import type { Changeable } from '../effects.ts';
import { tellOfTlbi } from '../notifiers/causes.ts';
import type { BroadcastMessage, Effect, Recorder } from '../plan.ts';
import type { WorldState } from '../state.ts';
import { Arguments, type CommandContext } from './context.ts';
import { invalidateTlb } from './tlbi.ts';

/** Why a message does nothing, or null. */
function ignored(on: Changeable, state: WorldState, message: BroadcastMessage): string | null {
  if (feature(state.ids, 'IDR0.BTM') === 0) {
    return 'IDR0.BTM=0: this SMMU takes no part in broadcast TLB maintenance';
  }
  const cr2 = `${WORLD_PREFIX[message.world]}CR2`;
  if (on.bank.field(cr2, 'PTM') === 1) return `${cr2}.PTM=1: broadcast TLB invalidations are ignored`;
  // An SMMU with 8-bit tags need not match a value that needs 16 bits (3.17.4).
  if (!state.features.asid16 && message.asid > 0xff) return 'the ASID needs 16 bits (IDR0.ASID16=0)';
  if (!state.features.vmid16 && message.vmid > 0xff) return 'the VMID needs 16 bits (IDR0.VMID16=0)';
  return null;
}

/** Whether the scope of the message leaves an entry of that regime alone, CD.ASET of its context considered. */
function spared(facts: BroadcastFacts, regime: StreamWorld, aset: number, e2h: boolean): boolean {
  const { asid } = STREAM_WORLDS[regime];
  // At EL2 a message means the regime that the PE itself runs with (3.17.5).
  if (facts.level === 2 && asid !== e2h) return true;
  if (aset === 0 || facts.sparesAset === 'never') return false;
  return facts.sparesAset === 'always' || !asid;
}

/** Whether a command would be legal on the queue of a state. */
function isLegal(name: CommandName, { ids }: WorldState, world: QueueWorld): boolean {
  const legal: Legality = COMMANDS[name].legal[world];
  return typeof legal === 'boolean' ? legal : legal.every((test) => holds(ids, test));
}

/**
 * Plans a broadcast TLB invalidation.
 * @returns why it does nothing, or null
 */
export function broadcastTlbi(
  on: Changeable,
  state: WorldState,
  message: BroadcastMessage,
  effects: Effect[],
  recorder: Recorder | null,
): string | null {
  const why = ignored(on, state, message);
  if (why !== null) return why;
  const facts: BroadcastFacts = BROADCASTS[message.name];
  const { world, e2h } = message;
  const own = facts.command[world];
  if (own === null) return `${message.name} means nothing in this Security state`;
  const name = [own, facts.stage1Command].find((one) => one !== undefined && isLegal(one, state, world));
  if (name === undefined) return `this SMMU has nothing that ${message.name} could act on`;
  const spec: CommandSpec = COMMANDS[name];
  const words = new Uint32Array(spec.layout.words);
  const fields: Readonly<Record<string, Field | undefined>> = spec.layout.fields;
  fields['Opcode']?.set(words, 0, spec.opcode);
  fields['VMID']?.set(words, 0, message.vmid);
  fields['ASID']?.set(words, 0, message.asid);
  fields['NS']?.set(words, 0, message.ipaNs === true ? 1 : 0);
  fields['Leaf']?.set(words, 0, facts.leaf ? 1 : 0);
  fields['Address']?.setHalves(words, 0, message.addressHi, message.addressLo);
  const all: Effect[] = [];
  const context: CommandContext = {
    machine: on,
    bank: on.bank,
    state: { ...state, e2h },
    world,
    name,
    spec,
    queue: 'CMDQ',
    read: new Arguments(spec),
    words,
    effects: all,
    recorder: null,
    broadcast: true,
  };
  if (!state.rulesOff.has('notify:N6.23'))
    tellOfTlbi({ ...context, effects, recorder }, `TLBI ${message.name}`, ({ streamWorld, aset }) =>
      spared(facts, streamWorld, aset, e2h),
    );
  invalidateTlb(context);
  const before = effects.length;
  for (const effect of all) {
    const entry = tlbEntryOf(on, effect);
    if (entry) {
      const { tag } = entry.space;
      if (spared(facts, tag.streamWorld, tag.aset, e2h)) continue;
      recorder?.entry('cache-remove', () => `TLB entry for ${hex(paOf(entry))} leaves`, {
        kind: 'tlb',
        store: effect.kind === 'store' ? storeOf(on, effect.store as Tlb) : 'tlb',
        entry,
      });
    }
    effects.push(effect);
  }
  if (effects.length === before) recorder?.step('decide', 'no TLB entry has to go');
  return null;
}

/** The TLB entry that an effect removes, if it does. */
function tlbEntryOf(on: Changeable, effect: Effect): TlbEntry | null {
  if (effect.kind === 'tlb') return effect.entry;
  if (effect.kind !== 'store') return null;
  const tlbs: readonly unknown[] = [on.tlb, on.partial, on.walks];
  return tlbs.includes(effect.store) ? (effect.entry as TlbEntry) : null;
}

/** `VAE1IS 0x1000 ASID=0x1 VMID=0x0`, for people. */
export function broadcastText({ name, addressHi, addressLo, asid, vmid }: BroadcastMessage): string {
  return `${name} ${hex64(addressHi, addressLo)} ASID=${hex(asid)} VMID=${hex(vmid)}`;
}
