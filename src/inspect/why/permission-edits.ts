/** F_PERMISSION: which bits of the walk, its CD and its STE could permit the access. */

import { fieldOf } from '../../bits/layout.ts';
import type { Frame } from '../../model/plan.ts';
import { layoutByName } from '../layouts.ts';
import { type Candidate, type Edit, fieldEdit } from './edits.ts';
import { descriptorsOf, type Facts } from './facts.ts';

/** Fields with the value that permits most (DDI 0487 D8.4). */
const PERMISSIVE: Readonly<Record<string, readonly (readonly [field: string, value: number])[]>> = {
  S1_LEAF: [
    ['AP2', 0],
    ['AP1', 1],
    ['UXN_XN', 0],
    ['PXN', 0],
    // Without access for the unprivileged, PAN and the rule against executing what they may write do not bite.
    ['AP1', 0],
  ],
  TABLE: [
    ['APTable1', 0],
    ['APTable0', 0],
    ['XNTable', 0],
    ['PXNTable', 0],
  ],
  S2_LEAF: [
    ['S2AP1', 1],
    ['S2AP0', 1],
    ['XN', 0],
  ],
  CD: [
    ['WXN', 0],
    ['UWXN', 0],
    ['PAN', 0],
    ['HD', 1],
  ],
  STE: [
    ['S2PTW', 0],
    ['S2HD', 1],
  ],
};

/** Whether a field forbids nothing as it is: what it says cannot be why an access is refused. */
export function isPermissive(layout: string, field: string, value: number): boolean {
  const [, most = null] = PERMISSIVE[layout]?.find(([name]) => name === field) ?? [];
  return most === value;
}

/** Single bits first, then two together: a write through a read-only leaf below a read-only table needs both. */
export function permissionEdits({ fault, plan, cd, ste }: Facts): Candidate[] {
  if (fault?.event !== 'F_PERMISSION' || fault.stage === 0) return [];
  const own = descriptorsOf(plan, fault.stage);
  const leaf = own.at(-1);
  const leafFirst = leaf === undefined ? [] : [leaf, ...own.slice(0, -1)];
  // Stage 2 has no hierarchical permissions.
  const frames = fault.stage === 1 ? leafFirst : leafFirst.slice(0, 1);
  const config = fault.stage === 1 ? cd : ste;
  const edits = [...frames, ...(config === null ? [] : [config])].flatMap(permissiveOf);
  const singles = edits.map((edit): Candidate => [edit]);
  const pairs = edits.flatMap((one, i) => edits.slice(i + 1).map((other): Candidate => [one, other]));
  return [...singles, ...pairs.filter((pair) => !clash(pair))];
}

/** What of a structure is not yet as permissive as it could be. */
function permissiveOf(frame: Frame): Edit[] {
  const layout = layoutByName(frame.layout);
  return (PERMISSIVE[frame.layout] ?? []).flatMap(([name, value]) => {
    const field = layout && fieldOf(layout, name);
    if (!field || field.get(frame.words, 0) === value) return [];
    const edit = fieldEdit(frame, name, value);
    return edit === null ? [] : [edit];
  });
}

function clash([one, other]: Candidate): boolean {
  return one?.change.field === other?.change.field && one?.change.address === other?.change.address;
}
