import { fieldOf } from '../../bits/layout.ts';
import { hex } from '../../bits/u64.ts';
import type { World } from '../../bits/world.ts';
import { type DataPlace, placeOfField } from '../../control/stops/data-place.ts';
import { layoutByName } from '../../inspect/layouts.ts';
import { type Row, rawWords, rows } from '../../inspect/rows.ts';
import { statusText } from '../../inspect/tree/node.ts';
import { DATA } from '../../model/memory.ts';
import type { Frame } from '../../model/plan.ts';
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
  const fields = rows(layout, frame.words, 0, { world: frame.space });
  const { pa, space } = frame;
  const place = (name: string): DataPlace | undefined => {
    const field = pa === null ? undefined : fieldOf(layout, name);
    return field && pa !== null ? placeOfField(space, pa, field) : undefined;
  };
  return [...fields.map((row) => fieldNode(row, space, place(row.name))), raw];
}

/** Address fields that hold no physical address: there is no memory to show. */
const VIRTUAL = new Set(['Address', 'InputAddr', 'IPA']);

/**
 * One field as a variable.
 * @param data where its bits lie
 */
export function fieldNode(row: Row, space: World, data?: DataPlace): Node {
  return {
    name: row.name,
    value: row.label === null ? row.value : `${row.value} (${row.label})`,
    type: `${row.bits} ${row.doc}`,
    ...(data === undefined ? {} : { data }),
    ...(row.address === null || VIRTUAL.has(row.name) ? {} : { memory: { space, pa: row.address } }),
  };
}

function rawChildren(frame: Structure): Children {
  const { pa } = frame;
  return named(() =>
    rawWords(frame.words).map((value, i) => ({
      name: `+${hex(i * 8)}`,
      value,
      ...(pa === null ? {} : { memory: { space: frame.space, pa: pa + i * 8 } }),
    })),
  );
}
