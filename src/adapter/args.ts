/** Arguments of a request: whatever a client sent; handlers check what they use. */
export type Args = Readonly<Record<string, unknown>>;

/** The number, or `otherwise` when it is none. */
export function numberOf(value: unknown, otherwise: number): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : otherwise;
}

/** A count or index: an integer not below zero, or `otherwise`. */
export function countOf(value: unknown, otherwise: number): number {
  const n = numberOf(value, otherwise);
  return Number.isInteger(n) && n >= 0 ? n : otherwise;
}

/** Characters of a value that a sentence shows. */
const SHOWN = 60;

/** A value that a client sent, for a sentence: whatever it is, short. */
export function shown(value: unknown): string {
  // As JSON: what a client sent may well have a member named toString.
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}
