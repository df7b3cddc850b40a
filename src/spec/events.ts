import { layout } from '../bits/layout.ts';
import { CLASS_VALUES } from './encodings.ts';
import { ATS_EVENTS } from './events/ats.ts';
import { CONFIGURATION_EVENTS } from './events/configuration.ts';
import type { EventSpec } from './events/event.ts';
import { NUMBER, STREAM, SUBSTREAM } from './events/fields.ts';
import { TRANSLATION_EVENTS } from './events/translation.ts';

export type { EventSpec } from './events/event.ts';
export { EVENT_BYTES } from './events/event.ts';

/** Every event of the architecture by its name (7.3). */
export const EVENTS = { ...CONFIGURATION_EVENTS, ...TRANSLATION_EVENTS, ...ATS_EVENTS } as const;

export type EventName = keyof typeof EVENTS;

/** The events in the order of their numbers. */
export const EVENT_LIST: readonly (EventSpec & { readonly name: EventName })[] = Object.values(EVENTS).sort(
  (a, b) => a.number - b.number,
);

const BY_NUMBER: (EventSpec & { readonly name: EventName })[] = [];
for (const spec of EVENT_LIST) BY_NUMBER[spec.number] = spec;

/** The event with that number (0 to 255), or undefined: reserved, unless {@link isImpdefEvent}. */
export function eventByNumber(number: number): (EventSpec & { readonly name: EventName }) | undefined {
  return BY_NUMBER[number];
}

/** Event numbers 0xE0 to 0xEF are IMPLEMENTATION DEFINED. */
export function isImpdefEvent(number: number): boolean {
  return number >= 0xe0 && number <= 0xef;
}

/** What records have in common, for numbers that nobody knows. Some events leave SSV and SubstreamID 0. */
export const EVENT_HEADER = layout('EVENT', '7.3', 256, { ...NUMBER, ...SUBSTREAM, ...STREAM });

/** CLASS: the fetch of a CD or L1CD, of a stage-1 table descriptor, or the input address itself. */
export const CLASS_CD = CLASS_VALUES.names.CD;
export const CLASS_TT = CLASS_VALUES.names.TT;
export const CLASS_IN = CLASS_VALUES.names.IN;
