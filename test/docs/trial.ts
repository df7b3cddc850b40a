/** Trying what a document shows: commands of the shell, and of the debug console. */

import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { smmuDebug } from '../cli/io.ts';
import { root } from '../house/sources.ts';
import { inlineAdapter } from '../kit/inline.ts';
import { type Block, blocksOf, differs, exchangesOf } from './blocks.ts';

const SAMPLES = 'extension/samples';
const NAMED = /^# (\S+\.smmu)$/m;
const SESSION = /^<!-- session: (.*) -->$/;

/** What was tried, and what came out otherwise than the document shows. */
export interface Trial {
  readonly tried: number;
  readonly wrong: readonly string[];
}

/** A folder with the samples as a checkout has them; the caller takes it away. */
export function checkout(): { readonly folder: string; remove(): void } {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'smmu-docs-'));
  cpSync(path.join(root, SAMPLES), path.join(folder, SAMPLES), { recursive: true });
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/**
 * Tries every `console` block of a document: `$` in a shell that knows `cd` and `smmu-debug`, each block beginning in the
 * checkout's folder; `>` in a session that a comment before the block names. Scripts whose first line names a file are
 * that file.
 * @param file relative to the repository
 */
export async function tryConsoles(file: string, folder: string): Promise<Trial> {
  const text = readFileSync(path.join(root, file), 'utf8');
  const lines = text.split('\n');
  const blocks = blocksOf(text);
  for (const { kind, text: script } of blocks) {
    const name = NAMED.exec(script)?.[1];
    if (kind === 'smmu' && name !== undefined) writeFileSync(path.join(folder, name), `${script}\n`);
  }
  const wrong: string[] = [];
  let tried = 0;
  for (const block of blocks.filter(({ kind }) => kind === 'console')) {
    const session = SESSION.exec(lines[block.line - 2] ?? '')?.[1];
    const found =
      session === undefined ? await inShell(block, folder) : await onDebugConsole(block, folder, session);
    tried += found.tried;
    wrong.push(...found.wrong.map((why) => `${file}, block of line ${block.line}: ${why}`));
  }
  return { tried, wrong };
}

async function inShell(block: Block, folder: string): Promise<Trial> {
  const before = process.cwd();
  const wrong: string[] = [];
  let tried = 0;
  try {
    process.chdir(folder);
    for (const { typed, answer } of exchangesOf(block.text)) {
      const [program = '', ...args] = typed.split(/ +/);
      if (program === 'cd') {
        process.chdir(args[0] ?? '');
        continue;
      }
      if (program !== 'smmu-debug') throw new Error(`nobody here runs ${program}`);
      tried++;
      const { out, err } = await smmuDebug(...args);
      const why = differs(answer, `${out}${err}`.trimEnd().split('\n'));
      if (why !== null) wrong.push(`${typed}\n${why}`);
    }
  } finally {
    process.chdir(before);
  }
  return { tried, wrong };
}

async function onDebugConsole(block: Block, folder: string, session: string): Promise<Trial> {
  const samples = path.join(folder, SAMPLES);
  mkdirSync(samples, { recursive: true });
  const launch = readFileSync(path.join(samples, '.vscode/launch.json'), 'utf8');
  const { configurations } = JSON.parse(launch.replaceAll(`\${workspaceFolder}`, samples)) as {
    configurations: { name: string }[];
  };
  const configuration = configurations.find(({ name }) => name.startsWith(session));
  if (!configuration) throw new Error(`there is no configuration ${session}`);
  const { client } = inlineAdapter();
  const wrong: string[] = [];
  let tried = 0;
  try {
    await client.launch({ ...configuration });
    for (const { typed, answer } of exchangesOf(block.text)) {
      tried++;
      const why = differs(answer, (await client.evaluate(typed)).trimEnd().split('\n'));
      if (why !== null) wrong.push(`${typed}\n${why}`);
    }
  } finally {
    client.close();
  }
  return { tried, wrong };
}

/**
 * Runs the lines of a `sh` block that begin with smmu-debug, each with what a reader has at hand there.
 * @returns the lines, each with the status and what stood on standard error
 */
export async function tryShell(
  block: Block,
  folder: string,
): Promise<readonly { readonly line: string; readonly status: number; readonly err: string }[]> {
  const before = process.cwd();
  const found: { line: string; status: number; err: string }[] = [];
  try {
    process.chdir(folder);
    for (const line of block.text.split('\n')) {
      const [program = '', ...args] = (line.split(' #')[0] as string).trim().split(/ +/);
      if (program === 'cd') process.chdir(args[0] ?? '');
      if (program !== 'smmu-debug' || args[0] === 'dap') continue;
      const { status, err } = await smmuDebug(...args);
      found.push({ line, status, err });
    }
  } finally {
    process.chdir(before);
  }
  return found;
}
