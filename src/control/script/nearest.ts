/** The name that somebody probably meant. */

/** Letters that may differ, insert or lack, by the length of what was written. */
function allowed(length: number): number {
  return length <= 1 ? 0 : length <= 3 ? 1 : length <= 7 ? 2 : 3;
}

/** Longer words are no misspelt names, and comparing them costs. */
const LONGEST = 64;

/** The known name that differs least from what was written, upper and lower case aside; null when none is near. */
export function nearest(written: string, known: Iterable<string>): string | null {
  if (written.length > LONGEST) return null;
  const folded = written.toLowerCase();
  let best: string | null = null;
  let least = allowed(written.length) + 1;
  for (const name of known) {
    if (Math.abs(name.length - written.length) >= least) continue;
    const distance = editDistance(folded, name.toLowerCase());
    if (distance < least) [best, least] = [name, distance];
  }
  return best;
}

/** Insertions, deletions, replacements and exchanges of neighbours that make one text of the other. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(
        (last[j] as number) + 1,
        (row[j - 1] as number) + 1,
        (last[j - 1] as number) + (same ? 0 : 1),
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, (before[j - 2] as number) + 1);
      }
      row.push(cost);
    }
    [before, last] = [last, row];
  }
  return last[b.length] as number;
}
