/** The parts of a Markdown document that somebody may try. */

/** A fenced block. */
export interface Block {
  /** What stands after the fence: `smmu`, `smmu part`, `console`. */
  readonly kind: string;
  readonly text: string;
  /** Line of the fence, from 1. */
  readonly line: number;
}

/** Every fenced block of a document. */
export function blocksOf(markdown: string): readonly Block[] {
  const found: Block[] = [];
  let open: { kind: string; line: number; lines: string[] } | null = null;
  for (const [i, line] of markdown.split('\n').entries()) {
    if (!line.startsWith('```')) {
      open?.lines.push(line);
    } else if (open) {
      found.push({ kind: open.kind, line: open.line, text: open.lines.join('\n') });
      open = null;
    } else open = { kind: line.slice(3).trim(), line: i + 1, lines: [] };
  }
  if (open) throw new Error(`the block of line ${open.line} does not end`);
  return found;
}

/** What was typed, and what was answered. */
export interface Exchange {
  readonly typed: string;
  readonly answer: readonly string[];
}

/** The exchanges of a `console` block: `$` on the command line, `>` on the debug console. */
export function exchangesOf(text: string): readonly Exchange[] {
  const found: { typed: string; answer: string[] }[] = [];
  for (const line of text.split('\n')) {
    const prompt = /^[$>] (.*)$/.exec(line);
    if (prompt) found.push({ typed: prompt[1] as string, answer: [] });
    else if (found.length === 0) throw new Error(`"${line}" answers nothing`);
    else found[found.length - 1]?.answer.push(line);
  }
  return found;
}

/**
 * Why an answer is not the one that a document shows; null when it is. A line `…` stands for any number of lines, and `…`
 * within a line for anything.
 */
export function differs(shown: readonly string[], actual: readonly string[]): string | null {
  let at = 0;
  let anywhere = false;
  for (const line of shown) {
    if (line.trim() === '…') {
      anywhere = true;
      continue;
    }
    const test = lineTest(line);
    const from = at;
    while (anywhere && at < actual.length && !test(actual[at] as string)) at++;
    if (at >= actual.length || !test(actual[at] as string)) {
      return `shown: ${line}\nactual: ${actual.slice(from).join('\n')}`;
    }
    at++;
    anywhere = false;
  }
  return anywhere || at === actual.length ? null : `not shown: ${actual.slice(at).join('\n')}`;
}

function lineTest(line: string): (actual: string) => boolean {
  const parts = line
    .trimEnd()
    .split('…')
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const form = new RegExp(`^${parts.join('.*')}$`);
  return (actual) => form.test(actual.trimEnd());
}
