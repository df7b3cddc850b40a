/** Whether the n-th time that a breakpoint is met counts. */
export type HitTest = (count: number) => boolean;

const FORM = /^(==?|>=?|<=?|%)?\s*([0-9]{1,15})$/;
const TESTS: Readonly<Record<string, (count: number, n: number) => boolean>> = {
  '': (count, n) => count === n,
  '=': (count, n) => count === n,
  '==': (count, n) => count === n,
  '>': (count, n) => count > n,
  '>=': (count, n) => count >= n,
  '<': (count, n) => count < n,
  '<=': (count, n) => count <= n,
  '%': (count, n) => count % n === 0,
};

/**
 * Reads `5` (the fifth time), `> 3`, `>= 3`, `== 3`, `< 3`, `% 10` (each tenth time).
 * @returns the test, or what is wrong with the text
 */
export function parseHitCondition(text: string): HitTest | string {
  const match = FORM.exec(text.trim());
  const [, operator = '', digits = ''] = match ?? [];
  const n = Number(digits);
  const test = TESTS[operator];
  if (!match || !test) return `"${text}" is no hit condition; write 5, > 3, >= 3, == 3 or % 10`;
  if (operator === '%' && n === 0) return `"${text}" divides by zero; write % 10 for each tenth time`;
  return (count) => test(count, n);
}
