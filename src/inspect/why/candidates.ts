/** Which single changes are worth trying against a fault. Whether one helps is found out by trying it. */

import { fieldOf } from '../../bits/layout.ts';
import type { Frame, Plan } from '../../model/plan.ts';
import { WORLD_PREFIX } from '../../spec/registers.ts';
import { STE } from '../../spec/ste.ts';
import { layoutByName } from '../layouts.ts';
import { type Candidate, type Edit, fieldEdit, registerEdit } from './edits.ts';
import { descriptorsOf, type Facts } from './facts.ts';
import { mappingEdits } from './mapping-edits.ts';
import { permissionEdits } from './permission-edits.ts';
import type { Scratch } from './scratch.ts';

const { S1ContextPtr, S2TTB, Config } = STE.fields;

/** Fields up to this width are tried with every value. */
const TRIED_BITS = 6;

/**
 * Changes worth trying against the fault of a plan.
 * @param facts of the plan on the copy, so that structures are those of memory
 * @param first false once other changes have led here: nobody has set up what is empty then
 */
export function candidatesFor(facts: Facts, scratch: Scratch, first: boolean): Candidate[] {
  if (!first && isEmpty(facts)) return [];
  return [
    ...registerCandidates(facts, scratch),
    ...configCandidates(facts),
    ...substreamCandidates(facts),
    ...single(fieldCandidates(facts)),
    ...single(sizeCandidates(facts)),
    ...single(accessFlagEdits(facts)),
    ...permissionEdits(facts),
    ...mappingEdits(facts),
  ];
}

/** The structure at fault is all zero, so that switching it on would be no cure but an invention. */
function isEmpty({ fault, ste, cd }: Facts): boolean {
  const frame = fault?.rule === 'CD-V' ? cd : fault?.rule === 'STE-V' ? ste : null;
  return frame?.words.every((word) => word === 0) ?? false;
}

function single(edits: readonly (Edit | null)[]): Candidate[] {
  return edits.flatMap((edit) => (edit === null ? [] : [[edit]]));
}

function registerCandidates({ fault, state, transaction, plan }: Facts, scratch: Scratch): Candidate[] {
  if (fault === null) return [];
  const prefix = WORLD_PREFIX[transaction.world];
  if (fault.rule === 'DIS-ABORT') {
    return single([
      registerEdit(scratch, `${prefix}CR0`, 'SMMUEN', 1),
      registerEdit(scratch, `${prefix}GBPA`, 'ABORT', 0),
    ]);
  }
  // Nothing else than the register forbids where the tables permit (6.3.57).
  if (fault.event === 'F_PERMISSION' && state.secureFetchOnly)
    return single([registerEdit(scratch, `${prefix}CR0`, 'SIF', 0)]);
  const table = state.streamTable;
  if (plan.frames.some(({ kind }) => kind === 'ste' || kind === 'l1std') || transaction.sid < table.streams)
    return [];
  const log2size = 32 - Math.clz32(transaction.sid);
  return log2size > state.sidBits
    ? []
    : single([registerEdit(scratch, `${prefix}STRTAB_BASE_CFG`, 'LOG2SIZE', log2size)]);
}

/** An STE that terminates all traffic: what it has pointers for, then bypass. */
function configCandidates({ fault, ste }: Facts): Candidate[] {
  if (fault === null || ste === null) return [];
  const silent = fault.event === null && (fault.rule === 'STE-ABORT' || fault.rule === 'STE-RES-CFG');
  if (!silent && fault.rule !== 'SSID-NOS1') return [];
  const s1 = S1ContextPtr.get(ste.words, 0) !== 0;
  const s2 = S2TTB.get(ste.words, 0) !== 0;
  const now = Config.get(ste.words, 0);
  const wanted = silent
    ? [...(s1 ? [5] : []), ...(s2 ? [6] : []), ...(s1 && s2 ? [7] : []), 4]
    : s1
      ? [now | 1]
      : [];
  return single(wanted.map((config) => fieldEdit(ste, 'Config', config)));
}

/** SubstreamIDs beyond what the STE or the L1CD offers. */
function substreamCandidates({ fault, ste, l1cd, l1std, transaction, state, plan }: Facts): Candidate[] {
  if (fault === null) return [];
  const edits: (Edit | null)[] = [];
  if (ste !== null && (fault.rule === 'SSID-DISABLED' || fault.rule === 'SSID-RANGE')) {
    const wanted = Math.max(1, 32 - Math.clz32(transaction.ssid));
    if (wanted <= state.ssidBits) edits.push(fieldEdit(ste, 'S1CDMax', wanted));
  }
  if (l1cd !== null && fault.rule === 'SSID-L1CD-V') edits.push(fieldEdit(l1cd, 'V', 1));
  // A level-2 table of STEs that is too small, or is not there.
  if (l1std !== null && !plan.frames.some(({ kind }) => kind === 'ste')) {
    const low = transaction.sid & ((1 << state.streamTable.split) - 1);
    edits.push(fieldEdit(l1std, 'Span', 33 - Math.clz32(low)));
  }
  return single(edits);
}

/** Every other value of the field that decided, those with the fewest different bits first. */
function fieldCandidates({ fault, ste, cd, l1cd }: Facts): (Edit | null)[] {
  if (fault?.field === undefined || fault.stage !== 0) return [];
  if (fault.rule === 'CD-V' && cd?.words.every((word) => word === 0)) return [];
  const name = fault.field;
  const frame = [cd, l1cd, ste].find((one) => hasField(one, name)) ?? null;
  return frame === null ? [] : otherValues(frame, name, TRIED_BITS);
}

function hasField(frame: Frame | null, name: string): frame is Frame {
  const layout = frame && layoutByName(frame.layout);
  return layout != null && fieldOf(layout, name) !== undefined;
}

function otherValues(frame: Frame, name: string, bits: number): (Edit | null)[] {
  const layout = layoutByName(frame.layout);
  const field = layout && fieldOf(layout, name);
  if (!field || field.width > bits) return [];
  const now = field.get(frame.words, 0);
  const values = Array.from({ length: 2 ** field.width }, (_, value) => value).filter(
    (value) => value !== now,
  );
  values.sort((a, b) => differences(a ^ now) - differences(b ^ now) || a - b);
  return values.map((value) => fieldEdit(frame, name, value));
}

function differences(bits: number): number {
  let count = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) count++;
  return count;
}

/** Input ranges and output sizes: T0SZ, TBI, EPD, E0PD, IPS and their like at stage 2. */
function sizeCandidates({ fault, ste, cd, transaction }: Facts): (Edit | null)[] {
  if (fault === null) return [];
  const half = (transaction.vaHi & 0x800000) !== 0 ? 1 : 0;
  if (fault.rule === 'S2-RANGE' && ste !== null) return otherValues(ste, 'S2T0SZ', TRIED_BITS);
  if (fault.event === 'F_ADDR_SIZE') {
    if (fault.stage === 1 && cd !== null) return otherValues(cd, 'IPS', TRIED_BITS);
    return fault.stage === 2 && ste !== null ? otherValues(ste, 'S2PS', TRIED_BITS) : [];
  }
  if (cd === null) return [];
  switch (fault.rule) {
    case '3.4.1':
      return [
        ...(transaction.vaHi >>> 24 === 0 ? [] : [fieldEdit(cd, `TBI${half}`, 1)]),
        ...otherValues(cd, `T${half}SZ`, TRIED_BITS),
      ];
    case '5.4 EPD':
      return [fieldEdit(cd, `EPD${half}`, 0)];
    case '5.4 E0PD':
      return [fieldEdit(cd, `E0PD${half}`, 0)];
    default:
      return [];
  }
}

/** AF=0: set it, or let hardware do so, or let nobody ask. */
function accessFlagEdits({ fault, plan, cd, ste, state }: Facts): (Edit | null)[] {
  if (fault?.event !== 'F_ACCESS' || fault.stage === 0) return [];
  const leaf = lastOf(plan, fault.stage);
  const edits: (Edit | null)[] = leaf === null ? [] : [fieldEdit(leaf, 'AF', 1)];
  const table = fault.stage === 1 ? cd : ste;
  if (table === null) return edits;
  const prefix = fault.stage === 1 ? '' : 'S2';
  if (state.features.httu > 0) edits.push(fieldEdit(table, `${prefix}HA`, 1));
  return [...edits, fieldEdit(table, `${prefix}AFFD`, 1)];
}

/** The last descriptor of a stage that a plan read. */
function lastOf(plan: Plan, stage: 1 | 2): Frame | null {
  return descriptorsOf(plan, stage).at(-1) ?? null;
}
