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
