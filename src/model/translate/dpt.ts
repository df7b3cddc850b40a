/** The Device Permission Table: IHI 0070 3.24. It checks PAs of ATS Translated transactions where STE.EATS=0b11. */

import type { World } from '../../bits/world.ts';
import { DPT_ACCESS, DPT_VMID_CHECKED } from '../../spec/dpt.ts';
import { STE } from '../../spec/ste.ts';
import { type DptEntry, dptEntryText, dptPage } from '../caches/dpt.ts';
import type { DptConfig } from '../dpt-config.ts';
import type { Machine } from '../machine.ts';
import type { Recorder } from '../plan.ts';
import type { WorldState } from '../state.ts';
import type { Answer } from './answer.ts';
import type { StreamConfig } from './configuration.ts';
import { denyDpt, forbidden, walkDpt } from './dpt-walk.ts';
import { elsewhereText } from './spaces.ts';

const { DPT_VMATCH, S2VMID } = STE.fields;
/** What a completion's entry may cover where L0DPTSZ is reserved: 1 GiB (3.24.2). */
const COMPLETION_LOG2 = 30;

/**
 * Checks the PA of a Translated transaction of a stream with STE.EATS=0b11 (3.24.1).
 * @param pa in bytes, below 2^52
 * @returns whether the access passes; then the answer has the output space. Otherwise it says why not
 */
export function checkDpt(
  machine: Machine,
  state: WorldState,
  stream: StreamConfig,
  pa: number,
  write: boolean,
  answer: Answer,
  recorder: Recorder | null,
): boolean {
  const config = state.dpt;
  if (config === null) {
    answer.fail(forbidden('STE.EATS=3 without a Device Permission Table acts as 0', 'ATS-TT-EATS0'));
    return false;
  }
  if (state.rulesOff.has('ATS-TT-DPT')) return true;
  const known = machine.policy === 'none' ? undefined : machine.dpt.find(config.world, pa);
  if (known) {
    recorder?.entry('cache-hit', `DPT TLB hit: ${dptEntryText(known)}`, { kind: 'dpt', entry: known });
    const refused = refusal(known, stream, write, answer);
    if (refused === null) return pass(known, answer);
    if (known.source === 'walk') return denyDpt(refused, pa, answer);
    // What an ATS completion left may grant, but not deny (3.24.2.1).
    recorder?.step(
      'decide',
      `${refused}; an entry of an ATS completion may not deny it, so the table is walked`,
    );
  }
  const entry = walkDpt(machine, state, config, pa, answer, recorder);
  if (entry === null) return false;
  recorder?.step('decide', `DPT: ${dptEntryText(entry)}`);
  if (machine.policy !== 'none') {
    keepDptEntry(machine, entry, answer);
    recorder?.step('cache-fill', `DPT TLB keeps ${dptEntryText(entry)}`);
  }
  const refused = refusal(entry, stream, write, answer);
  return refused === null ? pass(entry, answer) : denyDpt(refused, pa, answer);
}

function pass(entry: DptEntry, answer: Answer): true {
  answer.space = outputSpace(entry);
  return true;
}

/** The PA space that a granted access goes to (3.24.1). */
function outputSpace(entry: DptEntry): World {
  return entry.world === 'realm' && entry.access === DPT_ACCESS.OWNER ? 'realm' : 'ns';
}

/** Why an entry does not let the access pass, or null. */
function refusal(entry: DptEntry, stream: StreamConfig, write: boolean, answer: Answer): string | null {
  if (write && !entry.write) return 'the region is read-only (W=0)';
  const { mustReach } = answer;
  const space = outputSpace(entry);
  if (mustReach !== null && mustReach !== space) return elsewhereText(mustReach, space);
  // A Realm STE has no other DPT_VMATCH than 0 (5.2).
  const match = entry.world === 'realm' ? 0 : DPT_VMATCH.get(stream.words, 0);
  if (DPT_VMID_CHECKED[match]?.[entry.access] !== true) return null;
  const vmid = S2VMID.get(stream.words, 0);
  return entry.vmid === vmid ? null : `the region belongs to VMID ${entry.vmid}, not to VMID ${vmid}`;
}

/** Leaves in the answer that the TLB keeps an entry, in place of one for the same region. */
export function keepDptEntry(machine: Machine, entry: DptEntry, answer: Answer): void {
  const store = machine.dpt;
  const before = store.displaced(entry);
  if (before) {
    const what = `${dptEntryText(before)} leaves the DPT TLB`;
    answer.effects.push({ kind: 'store', store, op: 'remove', entry: before, what });
  }
  answer.effects.push({
    kind: 'store',
    store,
    op: 'insert',
    entry,
    what: `the DPT TLB keeps ${dptEntryText(entry)}`,
  });
}

/**
 * The entry that a successful ATS Translation Completion allows to keep (3.24.2). There is none for a request that
 * bypasses all stages, nor for one that grants neither read nor write.
 * @param pa output address in bytes
 * @param shift log2 of the bytes that the completion covers
 * @param write the stage, or the stages together, grant write; a page that is writable-clean does not
 */
export function completionEntry(
  config: DptConfig,
  stream: StreamConfig,
  pa: number,
  shift: number,
  write: boolean,
  space: World,
): DptEntry {
  const covers = Math.min(shift, config.level0Bits === 0 ? COMPLETION_LOG2 : config.level0Bits);
  const shared = config.world === 'realm' && space === 'ns';
  return {
    world: config.world,
    page: dptPage(pa, covers),
    shift: covers,
    access: shared ? DPT_ACCESS.OWNER_OR_SHARED : DPT_ACCESS.OWNER,
    write,
    vmid: S2VMID.get(stream.words, 0),
    source: 'completion',
  };
}
