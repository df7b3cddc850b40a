/** Colours for clients that show them: faults red, what goes well green, addresses cyan. */

import { EVENT_LIST } from '../spec/events.ts';

const RED = '\u001b[31m';
const GREEN = '\u001b[32m';
const CYAN = '\u001b[36m';
const PLAIN = '\u001b[0m';

const FAULTS = [
  ...EVENT_LIST.map(({ name }) => name),
  'CERROR_[A-Z_]+',
  'GERROR\\.[A-Z_]+',
  'silent-abort',
  'stale-use',
  'fault',
  'abort',
  'absent',
].join('|');
/** Numbers inside of names (`ste(0x8)`) count as well: an address is what people look for. */
const COLOURED = new RegExp(`\\b(${FAULTS})\\b|\\b(ok|consumed|Success)\\b|\\b(0x[0-9a-f]{3,16})\\b`, 'g');

/**
 * The text with colours, or as it is.
 * @param ansi whether the client shows them
 */
export function coloured(text: string, ansi: boolean): string {
  if (!ansi) return text;
  return text.replace(COLOURED, (word, fault?: string, good?: string) => {
    const colour = fault !== undefined ? RED : good !== undefined ? GREEN : CYAN;
    return `${colour}${word}${PLAIN}`;
  });
}
