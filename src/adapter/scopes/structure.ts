import type { Layout } from '../../bits/layout.ts';
import { hex } from '../../bits/u64.ts';
import type { World } from '../../bits/world.ts';
import { eventRows } from '../../inspect/event-text.ts';
import { layoutByName } from '../../inspect/layouts.ts';
import { type Row, rawWords, rows } from '../../inspect/rows.ts';
import { statusText } from '../../inspect/tree/node.ts';
import { DATA } from '../../model/memory.ts';
import type { Frame } from '../../model/plan.ts';
import { doublewordSlot, type Slot, structureSlot } from '../edit/slot.ts';
import { type Children, type Node, named } from '../variable-node.ts';

/** What is shown of a structure. */
export type Structure = Pick<Frame, 'layout' | 'space' | 'pa' | 'words' | 'status'>;

/** A structure: its fields, its raw words, and where it lies. */
export function structureScope(frame: Structure): Children {
  return named(() => [...addressNode(frame), ...fieldNodes(frame)]);
}

function addressNode(frame: Structure): Node[] {
  if (frame.pa === null) return [];
  return [
    {
      name: 'address',
      value: `${hex(frame.pa)} (${frame.space})`,
      type: 'where the structure lies',
      evaluateName: structureExpression(frame.layout, frame.space, frame.pa),
      memory: { space: frame.space, pa: frame.pa },
      data: {
        space: frame.space,
        pa: frame.pa,
        bytes: frame.words.length * 4 || (layoutByName(frame.layout)?.words ?? 2) * 4,
      },
    },
  ];
}

function fieldNodes(frame: Structure): Node[] {
  if (frame.status !== DATA) return [{ name: 'contents', value: statusText(frame.status) }];
  const layout = layoutByName(frame.layout);
  const raw = { name: 'words', value: `${frame.words.length / 2}`, children: rawChildren(frame) };
  if (!layout || frame.words.length < layout.words) return [raw];
  const { pa, space } = frame;
  // A record names its event, wherever it is looked at.
  const fields = Object.hasOwn(layout.fields, 'EventNumber')
    ? eventRows(frame.words, 0, space)
    : rows(layout, frame.words, 0, { world: space });
  return [...fieldsAt(layout, fields, space, pa), raw];
}

/**
 * The fields of a structure in memory as variables, which can be set and looked at again.
 * @param pa PA of the structure in bytes; null: it lies nowhere
 */
export function fieldsAt(
  layout: Layout | undefined,
  fields: readonly Row[],
  space: World,
  pa: number | null,
): Node[] {
  if (pa === null || !layout) return fields.map((row) => fieldNode(row, space));
  const whole = structureExpression(layout.name, space, pa);
  return fields.map((row) =>
    fieldNode(row, space, structureSlot(layout, space, pa, row.name), `${whole}.${row.name}`),
  );
}

/** What to evaluate to see a structure in memory: `at(STE, 0x40000200)`. */
function structureExpression(layout: string, space: World, pa: number): string {
  return `at(${layout}, ${hex(pa)}${space === 'ns' ? '' : `, ${space}`})`;
}

/** Address fields that hold no physical address: there is no memory to show. */
const VIRTUAL = new Set(['Address', 'InputAddr', 'IPA']);

/**
 * One field as a variable.
 * @param slot its bits, when it can be set
 * @param again what to evaluate to get it again
 */
export function fieldNode(row: Row, space: World, slot?: Slot | null, again?: string | null): Node {
  return {
    name: row.name,
    value: row.label === null ? row.value : `${row.value} (${row.label})`,
    type: `${row.bits} ${row.doc}`,
    ...(slot ? { slot } : {}),
    ...(slot && again ? { evaluateName: again } : {}),
    ...(row.address === null || VIRTUAL.has(row.name) ? {} : { memory: { space, pa: row.address } }),
  };
}

function rawChildren(frame: Structure): Children {
  const { pa } = frame;
  return named(() =>
    rawWords(frame.words).map((value, i) => ({
      name: `+${hex(i * 8)}`,
      value,
      ...(pa === null ? {} : doublewordNode(frame.space, pa + i * 8)),
    })),
  );
}

/** Eight bytes of memory, which can be set and looked at again. */
function doublewordNode(space: World, pa: number): Partial<Node> {
  const slot = doublewordSlot(space, pa);
  return {
    memory: { space, pa },
    ...(slot ? { slot, evaluateName: `mem(${hex(pa)}${space === 'ns' ? '' : `, ${space}`})` } : {}),
  };
}
