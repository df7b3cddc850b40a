import { isEventAt, parseTraceLine, type TraceEvent } from './event.ts';

/** Neighbours of a line are asked for together with it. */
const KEPT = 16;

/** The lines of a trace: the text, and where each line begins. Nothing else is kept for a line. */
export class TraceLog {
  readonly file: string;
  readonly count: number;
  readonly #text: string;
  /** Where each line begins, and behind the last one where it ends. */
  readonly #starts: Uint32Array;
  /** The events of the last lines that were asked for, by the lowest bits of their numbers. */
  readonly #kept = new Int32Array(KEPT).fill(-1);
  readonly #events: (TraceEvent | null)[] = [];

  constructor(text: string, file: string) {
    this.file = file;
    this.#text = text;
    let lines = 1;
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines++;
    this.#starts = new Uint32Array(lines + 1);
    let line = 1;
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) {
      this.#starts[line++] = at + 1;
    }
    this.#starts[lines] = text.length + 1;
    // What follows the last end of a line is a line only if there is something.
    this.count = this.#starts[lines - 1] === text.length ? lines - 1 : lines;
  }

  /** A line without its end. @param index from 0 */
  line(index: number): string {
    const from = this.#starts[index] ?? 0;
    const to = (this.#starts[index + 1] ?? 0) - 1;
    return this.#text.slice(from, this.#text.charCodeAt(to - 1) === 13 ? to - 1 : to);
  }

  /** What a line says of an SMMU, or null. The last ones that were asked for are kept. @param index from 0 */
  event(index: number): TraceEvent | null {
    if (index < 0 || index >= this.count) return null;
    const slot = index % KEPT;
    if (this.#kept[slot] !== index) {
      const cut = index === this.count - 1 && !this.#text.endsWith('\n');
      this.#events[slot] = parseTraceLine(this.line(index), cut);
      this.#kept[slot] = index;
    }
    return this.#events[slot] ?? null;
  }

  /** The first line from `index` on that holds a trace event, or {@link count}. Messages of QEMU's log are none. */
  statementFrom(index: number): number {
    for (let at = index; at < this.count; at++) {
      if (this.isStatement(at)) return at;
    }
    return this.count;
  }

  isStatement(index: number): boolean {
    if (index < 0 || index >= this.count) return false;
    return isEventAt(this.#text, this.#starts[index] ?? 0, (this.#starts[index + 1] ?? 0) - 1);
  }

  /** The nearest message of a name among the `reach` lines before or after one; null behind another statement's. */
  near(index: number, name: string, reach: number): TraceEvent | null {
    const step = Math.sign(reach);
    for (let at = index + step; at !== index + reach + step; at += step) {
      const event = this.event(at);
      if (event?.name === name) return event.damage === null ? event : null;
      if (event?.name.startsWith('smmu') === true && event.name !== 'smmuv3_trigger_irq') return null;
    }
    return null;
  }
}
