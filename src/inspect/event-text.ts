/** Event records as people read them: `F_TRANSLATION StreamID=0x38 iova=0x1000 write S1 IN`. */

import type { Layout } from '../bits/layout.ts';
import { fieldOf } from '../bits/layout.ts';
import { hex, hex64 } from '../bits/u64.ts';
import { valueName } from '../bits/values.ts';
import type { World } from '../bits/world.ts';
import { EVENT_HEADER, eventByNumber, isImpdefEvent } from '../spec/events.ts';
import { type Row, rows } from './rows.ts';

const { EventNumber } = EVENT_HEADER.fields;

/** The event's name; `reserved event 0x77` when nobody defined it. */
export function eventName(words: Uint32Array, at = 0): string {
  const number = EventNumber.get(words, at);
  const spec = eventByNumber(number);
  if (spec) return spec.name;
  return `${isImpdefEvent(number) ? 'IMPLEMENTATION DEFINED' : 'reserved'} event ${hex(number, 2)}`;
}

function layoutOf(words: Uint32Array, at: number): Layout {
  return eventByNumber(EventNumber.get(words, at))?.layout ?? EVENT_HEADER;
}

/** The record at `words[at]` (8 words) on one line. */
export function eventText(words: Uint32Array, at = 0): string {
  const of = layoutOf(words, at);
  const get = (name: string): number | null => fieldOf(of, name)?.get(words, at) ?? null;
  const address = (name: string): string | null => {
    const field = fieldOf(of, name);
    return field ? hex64(field.hi(words, at), field.lo(words, at)) : null;
  };
  const parts = [eventName(words, at)];
  const sid = get('StreamID');
  if (sid !== null) parts.push(`StreamID=${hex(sid)}`);
  if (get('SSV') === 1) parts.push(`SSID=${hex(get('SubstreamID') ?? 0)}`);
  const iova = address('InputAddr');
  if (iova !== null) parts.push(`iova=${iova}`);
  const rnw = get('RnW');
  if (rnw !== null) parts.push(rnw === 1 ? 'read' : 'write');
  if (get('PnU') === 1) parts.push('privileged');
  if (get('InD') === 1) parts.push('instruction');
  const s2 = get('S2');
  if (s2 !== null) parts.push(s2 === 1 ? 'S2' : 'S1');
  const kind = fieldOf(of, 'CLASS');
  if (kind) parts.push(valueName(kind, kind.get(words, at)) ?? `CLASS=${kind.get(words, at)}`);
  if (s2 === 1 && fieldOf(of, 'IPA')) parts.push(`ipa=${address('IPA')}`);
  const fetch = address('FetchAddr');
  if (fetch !== null) parts.push(`fetch=${fetch}`);
  if (get('Stall') === 1) parts.push(`stalled STAG=${hex(get('STAG') ?? 0)}`);
  return parts.join(' ');
}

/** All fields of a record; those that every record has when the event is unknown. */
export function eventRows(words: Uint32Array, at = 0, world: World = 'ns'): Row[] {
  const number = EventNumber.get(words, at);
  const of = layoutOf(words, at);
  // Where nobody knows the fields, an unclaimed bit says nothing.
  const known = rows(of, words, at, { world }).filter(
    (r) => of !== EVENT_HEADER || !r.name.startsWith('RES0'),
  );
  return known.map((r) =>
    r.name === 'EventNumber' ? { ...r, value: hex(number, 2), label: eventName(words, at) } : r,
  );
}
