/** A script as the editor needs it: statements, problems, names, test blocks. Knows no VS Code. */

import { type CheckOptions, checkScript } from '../../../src/control/script/check.ts';
import { type ScriptName, ScriptNames } from '../../../src/control/script/check-names.ts';
import { parseScript } from '../../../src/control/script/parse.ts';
import type { ParsedScript, Problem, Statement } from '../../../src/control/script/statement.ts';

/** Lines of a test, from its `test` to its `end`, or to the end of the script. */
export interface Block {
  readonly test: Statement;
  readonly from: number;
  readonly to: number;
}

/** A script that was read and checked. */
export interface Script {
  readonly file: string;
  readonly lines: readonly string[];
  readonly parsed: ParsedScript;
  /** All statements, also those with errors, by line. */
  readonly statements: readonly Statement[];
  readonly problems: readonly Problem[];
  /** Names of this script and of those that it includes. */
  readonly names: readonly ScriptName[];
  readonly blocks: readonly Block[];
}

/** Reads and checks a script. */
export function analyse(
  text: string,
  file: string,
  options: Pick<CheckOptions, 'resolveInclude'> = {},
): Script {
  const parsed = parseScript(text, file);
  const names: ScriptName[] = [];
  const problems = checkScript(parsed, { ...options, onName: (name) => names.push(name) });
  const lines = text.split('\n').map((line) => line.replace(/\r$/, ''));
  const statements = [...parsed.statements, ...parsed.broken].sort((a, b) => a.line - b.line);
  return { file, lines, parsed, statements, problems, names, blocks: blocksOf(statements, lines.length) };
}

function blocksOf(statements: readonly Statement[], last: number): readonly Block[] {
  const blocks: Block[] = [];
  let open: Statement | null = null;
  const close = (to: number): void => {
    if (open) blocks.push({ test: open, from: open.line, to });
    open = null;
  };
  for (const statement of statements) {
    if (statement.keyword.text === 'test') {
      close(statement.line - 1);
      open = statement;
    } else if (statement.keyword.text === 'end') close(statement.line);
  }
  close(last);
  return blocks;
}

/** The test block in which a line lies, or undefined: blocks are ordered and do not overlap. */
function blockAt(blocks: readonly Block[], line: number): Block | undefined {
  let [low, high] = [0, blocks.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((blocks[middle] as Block).to < line) low = middle + 1;
    else high = middle;
  }
  const found = blocks[low];
  return found && found.from <= line ? found : undefined;
}

/** The names that a statement in that line may use: made before it, not in another test. */
export function namesAt(script: Script, line: number): ScriptNames {
  const visible = new ScriptNames();
  const here = blockAt(script.blocks, line);
  for (const name of script.names) {
    if (name.statement.file === script.file) {
      if (name.word.line >= line) continue;
      const block = blockAt(script.blocks, name.word.line);
      if (block && block !== here) continue;
    }
    visible.add(name);
  }
  return visible;
}
