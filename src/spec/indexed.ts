import type { FieldSpec } from '../bits/layout.ts';

export const TO_15 = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15] as const;
export const TO_31 = [...TO_15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31] as const;

/**
 * Fields that repeat: `PIIU0`, `PIIU1` and so on, each `width` bits, the first at bit `lsb`.
 * `#` in `doc` stands for the number of the field.
 */
export function indexed<const P extends string, const I extends number, const S extends object>(
  prefix: P,
  indices: readonly I[],
  lsb: number,
  width: number,
  doc: string,
  rest: S,
): Readonly<Record<`${P}${I}`, FieldSpec & S>> {
  const fields: Record<string, FieldSpec & S> = {};
  for (const i of indices) {
    const low = lsb + i * width;
    fields[`${prefix}${i}`] = { ...rest, bits: [low + width - 1, low], doc: doc.replace('#', String(i)) };
  }
  return fields as Record<`${P}${I}`, FieldSpec & S>;
}
