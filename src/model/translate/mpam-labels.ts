/** The labels of one transaction and of the accesses for it: IHI 0070 17.2 to 17.4 and 5.6. */

import { feature } from '../../spec/features.ts';
import { STE } from '../../spec/ste.ts';
import type { Machine } from '../machine.ts';
import type { Recorder, Transaction } from '../plan.ts';
import type { WorldState } from '../state.ts';
import type { Answer } from './answer.ts';
import type { StreamConfig } from './configuration.ts';
import {
  bypassLabel,
  clientLabel,
  fetchVms,
  labelText,
  type MpamLabel,
  NO_LABEL,
  ownLabel,
  streamLabel,
} from './mpam.ts';

const { S2VMID } = STE.fields;

/**
 * Leaves in the answer the PARTID map of a stream that needs one: cached by VMID, else read (5.6.2).
 * @returns false when it cannot be read; the answer says why
 */
export function findPartidMap(
  machine: Machine,
  state: WorldState,
  stream: StreamConfig,
  answer: Answer,
  recorder: Recorder | null,
): boolean {
  const { partidMaps: store, policy } = machine;
  const keeps = policy !== 'none';
  const known = keeps ? store.find(stream.world, 'vmid', S2VMID.get(stream.words, 0)) : undefined;
  if (known) {
    recorder?.entry('cache-hit', () => `PARTID_MAP of VMID ${known.key} is cached`, {
      kind: 'partid-map',
      entry: known,
    });
    answer.partidMap = known;
    return true;
  }
  const map = fetchVms(machine, state, stream, 'vmid', answer, recorder);
  if (map === null) return false;
  answer.partidMap = map;
  if (!keeps) return true;
  const what = `the PARTID_MAP of VMID ${map.key} is kept`;
  answer.effects.push({ kind: 'store', store, op: 'insert', entry: map, what });
  recorder?.step('cache-fill', what);
  return true;
}

/** The label of a transaction that passes; {@link NO_LABEL} without MPAM. */
export function transactionLabel(state: WorldState, t: Transaction, answer: Answer): MpamLabel {
  if (!state.features.mpam) return NO_LABEL;
  const { stream, context, partidMap } = answer;
  const unchecked = t.kind === 'translated' && !state.atsChecked;
  if (!state.smmuEnabled || unchecked) return bypassLabel(state.gbpmpam, state);
  if (stream === null) return NO_LABEL;
  // A Translated transaction bears what its CD says only with a PASID that the SMMU translates by (17.3).
  const byContext =
    t.kind !== 'translated' || (feature(state.ids, 'IDR3.PASIDTT') === 1 && t.ssid >= 0 && context !== null);
  return clientLabel(stream.words, byContext ? (context?.words ?? null) : null, partidMap, state);
}

/** Says as a step what the transaction and the accesses for it bear; nothing without MPAM. */
export function recordLabels(recorder: Recorder, state: WorldState, answer: Answer, label: MpamLabel): void {
  if (label === NO_LABEL) return;
  const { stream } = answer;
  recorder.step('decide', () => {
    const configuration =
      stream === null ? '' : `; CD and stage-2 tables ${labelText(streamLabel(stream.words, state))}`;
    return `MPAM: the access bears ${labelText(label)}${configuration}; stream table and queues ${labelText(ownLabel(state.gmpam, state))}`;
  });
}
