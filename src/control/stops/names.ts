/** Names that people type: patterns, and what they may have meant. */

/** How far a name may be from another one to be suggested for it. */
const NEAR = 4;
const SUGGESTIONS = 3;

/** Whether the text has a wildcard. */
export function isGlob(text: string): boolean {
  return /[*?]/.test(text);
}

/** A pattern of `*` and `?`, without regard to case, as a test of a whole name. It takes as long as both together. */
export function globTest(pattern: string): (name: string) => boolean {
  const parts = pattern.toLowerCase().split('*');
  const head = parts[0] as string;
  const tail = parts[parts.length - 1] as string;
  const between = parts.slice(1, -1).filter((part) => part !== '');
  return (text) => {
    const name = text.toLowerCase();
    if (parts.length === 1) return name.length === head.length && fits(name, 0, head);
    const end = name.length - tail.length;
    if (end < head.length || !fits(name, 0, head) || !fits(name, end, tail)) return false;
    let at = head.length;
    // The first place for each part leaves most room for the others.
    for (const part of between) {
      while (at + part.length <= end && !fits(name, at, part)) at++;
      if (at + part.length > end) return false;
      at += part.length;
    }
    return true;
  };
}

/** Whether the part stands in a name at a place; `?` is any letter. */
function fits(name: string, at: number, part: string): boolean {
  for (let i = 0; i < part.length; i++) {
    if (part[i] !== '?' && part[i] !== name[at + i]) return false;
  }
  return true;
}

/** The names most like a text, best first. */
function nearNames(text: string, names: Iterable<string>): string[] {
  const wanted = text.toLowerCase().replace(/[*?]/g, '');
  const rated: [number, string][] = [];
  for (const name of names) {
    const known = name.toLowerCase();
    const begins = wanted.length >= 3 && (known.startsWith(wanted) || wanted.startsWith(known));
    const far = begins ? 1 : distance(wanted, known);
    if (far <= Math.min(NEAR, Math.max(1, Math.floor(wanted.length / 2)))) rated.push([far, name]);
  }
  rated.sort((a, b) => a[0] - b[0] || a[1].length - b[1].length);
  return [...new Set(rated.map(([, name]) => name))].slice(0, SUGGESTIONS);
}

/** `; did you mean A or B?`, or nothing. */
export function suggestion(text: string, names: Iterable<string>): string {
  const near = nearNames(text, names);
  return near.length === 0 ? '' : `; did you mean ${near.join(' or ')}?`;
}

/** How many letters must be put in, taken out or changed. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > NEAR) return NEAR + 1;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
