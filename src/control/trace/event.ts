/** One line of a QEMU trace: `2573@1795330882.196464:smmu_get_pte baseaddr=0x42eb2000 index=0x0, …`. */

import { parseHex64, type U64 } from '../../bits/u64.ts';
import { EVENT_FORMS, type EventForm, MESSAGES } from './event-forms.ts';

const COLON = 58;
const EQUALS = 61;
const SPACE = 32;
const COMMA = 44;
/** Beyond this a line holds no event: nothing that QEMU traces of an SMMU is as long. */
const LINE_LIMIT = 1000;

/** What a line says. Values are looked up in the text when they are asked for: most never are. */
export class TraceEvent {
  /** QEMU's name of the event, or the name of {@link MESSAGES} for a line of its log without one. */
  readonly name: string;
  /** The thread that traced it, -1 without the prefix `thread@time:`. */
  readonly thread: number;
  /** What follows the name. */
  readonly text: string;
  /** Why it cannot be used, or null: a value is missing, the line is cut. */
  readonly damage: string | null;

  /** The values that such an event must have, read once, in the order of its form. */
  readonly #keys: readonly string[];
  readonly #tokens: readonly string[];

  constructor(name: string, thread: number, text: string, form: EventForm | undefined, cut: boolean) {
    this.name = name;
    this.thread = thread;
    this.text = text;
    this.#keys = form?.numbers ?? [];
    this.#tokens = this.#keys.map((key) => tokenOf(text, key));
    this.damage = cut ? 'the line has no end, so it may be cut' : damageOf(form, text, this.#tokens);
  }

  /** A value below 2^53 by its key; NaN where there is none. */
  number(key: string): number {
    const token = this.#token(key);
    return token === '' ? Number.NaN : Number(token);
  }

  /** A value of up to 64 bits by its key; 0 where there is none. */
  wide(key: string): U64 {
    return parseHex64(this.#token(key)) ?? { hi: 0, lo: 0 };
  }

  /** The name that begins with a prefix, without it: `F_TRANSLATION` for `SMMU_EVT_`; empty where there is none. */
  word(prefix: string): string {
    const at = this.text.indexOf(prefix);
    if (at < 0) return '';
    let end = at + prefix.length;
    while (isWordCharacter(this.text.charCodeAt(end))) end++;
    return this.text.slice(at + prefix.length, end);
  }

  has(key: string): boolean {
    return this.#token(key) !== '';
  }

  #token(key: string): string {
    const at = this.#keys.indexOf(key);
    return at < 0 ? tokenOf(this.text, key) : (this.#tokens[at] as string);
  }
}

function isWordCharacter(code: number): boolean {
  return (
    (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code === 95
  );
}

/** The number behind `key=` or `key:`; a key begins the text or follows a blank, a comma or a colon. */
function tokenOf(text: string, key: string): string {
  for (let at = text.indexOf(key); at >= 0; at = text.indexOf(key, at + 1)) {
    const before = at === 0 ? SPACE : text.charCodeAt(at - 1);
    if (before !== SPACE && before !== COMMA && before !== COLON) continue;
    let from = at + key.length;
    const mark = text.charCodeAt(from);
    if (mark !== EQUALS && mark !== COLON) continue;
    from++;
    if (text.charCodeAt(from) === SPACE) from++;
    let end = text.charCodeAt(from) === 45 ? from + 1 : from;
    while (isWordCharacter(text.charCodeAt(end))) end++;
    const token = text.slice(from, end);
    return Number.isNaN(Number(token)) ? '' : token;
  }
  return '';
}

/** Where the name begins: behind `thread@time:`, or at once. */
function nameStart(line: string): number {
  let at = 0;
  while (isDigit(line.charCodeAt(at))) at++;
  if (at === 0 || line.charCodeAt(at) !== 64) return 0;
  at++;
  while (isDigit(line.charCodeAt(at)) || line.charCodeAt(at) === 46) at++;
  return line.charCodeAt(at) === COLON ? at + 1 : 0;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** Whether a trace event begins at a place of a text: what {@link parseTraceLine} finds, without reading the line. */
export function isEventAt(text: string, from: number, to: number): boolean {
  let at = from;
  while (at < to && isDigit(text.charCodeAt(at))) at++;
  if (at > from && text.charCodeAt(at) === 64) {
    at++;
    while (at < to && (isDigit(text.charCodeAt(at)) || text.charCodeAt(at) === 46)) at++;
    if (text.charCodeAt(at) !== COLON) return false;
    at++;
  } else at = from;
  if (to - from > LINE_LIMIT || !text.startsWith('smmu', at)) return false;
  while (at < to && isWordCharacter(text.charCodeAt(at))) at++;
  const next = text.charCodeAt(at);
  return at === to || next === SPACE || next === 13;
}

/**
 * Reads a line.
 * @param cut the line is the last one and has no end: its last number may lack digits
 * @returns null for a line that says nothing of an SMMU
 */
export function parseTraceLine(line: string, cut = false): TraceEvent | null {
  if (line.length > LINE_LIMIT) return null;
  const start = nameStart(line);
  if (!line.startsWith('smmu', start)) return start === 0 ? messageOf(line, cut) : null;
  let end = start;
  while (isWordCharacter(line.charCodeAt(end))) end++;
  const next = line.charCodeAt(end);
  // `smmuv3-iommu-memory-region-…` is a message; a name ends with the line or at a blank.
  if (end < line.length && next !== SPACE && next !== 13) return messageOf(line, cut);
  const name = line.slice(start, end);
  const text = line.slice(end + 1);
  const thread = start === 0 ? -1 : Number.parseInt(line, 10);
  return new TraceEvent(name, thread, text, EVENT_FORMS[name], cut);
}

function messageOf(line: string, cut: boolean): TraceEvent | null {
  for (const { name, contains, form } of MESSAGES) {
    if (line.includes(contains)) return new TraceEvent(name, -1, line, form, cut);
  }
  return null;
}

function damageOf(form: EventForm | undefined, text: string, tokens: readonly string[]): string | null {
  if (form === undefined) return null;
  const missing = tokens.indexOf('');
  if (missing >= 0) return `the value of ${form.numbers[missing]} is missing`;
  return form.word !== undefined && !text.includes(form.word) ? `no name ${form.word}…` : null;
}

const TRACE_LINE = /^(?:\d+@\d+\.\d+:)?smmu(?:v3)?_[a-z0-9_]+(?: |\r?$)/m;
/** Where a trace is recognised: the beginning of the file, in characters. */
const RECOGNISED_IN = 65536;

/** Whether a text is the log of QEMU's option `-trace` with events of an SMMU. */
export function isTrace(text: string): boolean {
  return TRACE_LINE.test(text.slice(0, RECOGNISED_IN));
}
