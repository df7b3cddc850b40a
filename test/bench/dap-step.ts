/**
 * A step over standard input and output as a client makes it, with 150 variables on screen: next, stopped, threads,
 * stackTrace twice, scopes, five times variables. Beside it, in turns, the same with the sample adapter of VS Code.
 */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { buildSync } from 'esbuild';
import { median } from './clock.ts';
import { BenchClient } from './dap-client.ts';

type Scopes = DebugProtocol.ScopesResponse['body'];
type Variables = DebugProtocol.VariablesResponse['body'];
type Frames = DebugProtocol.StackTraceResponse['body'];

type Named = { readonly name: string; readonly variablesReference: number };
type Children = Variables['variables'];
type Package = { readonly name: string; readonly version: string };

export const NAME = 'dap_step_150_variables';
const VARIABLES = 150;
const REQUESTS = 5;
const ROOT = path.resolve(import.meta.dirname, '../..');
const PENDING = path.join(ROOT, 'test/fixtures/linux-pending');
/** The commands that wait in the capture: then the steps begin anew. */
const COMMANDS = 15;
/** The number of the thread that steps, in both adapters. */
const THREAD = 1;
/** More than there are steps. */
const PROGRAM_LINES = 5000;
const WARM_UP = 60;
/** What the sample adapter makes of `{}`. */
const FIELDS = 4;

/** What a step came to. */
export interface DapStep {
  /** Milliseconds from the request to the last answer: half of the steps took less. */
  readonly p50: number;
  /** The same of the sample adapter; null when it is not there. */
  readonly peer: number | null;
  /** Which that is. */
  readonly version: string;
  readonly steps: number;
}

interface Stepper {
  readonly client: BenchClient;
  /** Takes a step and returns how many variables came. */
  step(): Promise<number>;
  /** Called between steps, not measured. */
  rest(): Promise<void>;
}

function bundle(folder: string, entry: string, name: string): string {
  const outfile = path.join(folder, name);
  buildSync({
    absWorkingDir: path.dirname(path.dirname(entry)),
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'es2022',
    mainFields: ['module', 'main'],
    logLevel: 'error',
  });
  return outfile;
}

/** What is expanded on the screen; returns how many variables came by five requests. */
type Open = (scopes: Scopes['scopes']) => Promise<number>;

/** One step as a client takes it. */
async function step(client: BenchClient, threadId: number, open: Open): Promise<number> {
  await client.move('next', threadId);
  await client.ask('threads');
  const top = await client.ask<Frames>('stackTrace', { threadId, startFrame: 0, levels: 1 });
  await client.ask('stackTrace', { threadId, startFrame: 1, levels: 19 });
  const { scopes } = await client.ask<Scopes>('scopes', { frameId: top.stackFrames[0]?.id });
  return open(scopes);
}

async function children(client: BenchClient, of: Named | undefined, count?: number): Promise<Children> {
  const { variablesReference } = of ?? refuse('what is expanded is not there');
  const page = count === undefined ? {} : { filter: 'indexed', start: 0, count };
  return (await client.ask<Variables>('variables', { variablesReference, ...page })).variables;
}

function refuse(why: string): never {
  throw new Error(`${NAME}: ${why}`);
}

/** Ours: the command, the registers, and the ring of the command queue, whose entries fill the screen. */
async function ours(folder: string): Promise<Stepper> {
  const script = bundle(folder, path.join(ROOT, 'src/adapter/main.ts'), 'smmu.cjs');
  const client = new BenchClient(script);
  const capture = path.join(PENDING, 'small.elf.gz');
  await client.launch({ capture, registers: path.join(PENDING, 'regs.json'), enableQueue: true });
  const named = (list: readonly Named[], name: string): Named | undefined =>
    list.find((item) => item.name === name);
  const open: Open = async (scopes) => {
    const command = await children(client, named(scopes, 'Command'));
    const registers = await children(client, named(scopes, 'Registers'));
    const queues = await children(client, named(scopes, 'Queues'));
    const queue = await children(client, named(queues, 'CMDQ'));
    const before = command.length + registers.length + queues.length + queue.length;
    const ring = named(queue, 'ring');
    return before + (await children(client, ring, VARIABLES - before)).length;
  };
  let left = COMMANDS;
  return {
    client,
    step: () => step(client, THREAD, open),
    rest: async () => {
      if (--left > 0) return;
      await client.move('reverseContinue', THREAD);
      // Enabling the queue has been taken back, too.
      const stopped = client.event('stopped');
      await client.ask('smmu/enableQueue');
      await stopped;
      left = COMMANDS;
    },
  };
}

/** The sample adapter: variables of a line that declares them, four of them objects that are expanded. */
async function sample(folder: string, checkout: string): Promise<Stepper> {
  const client = new BenchClient(bundle(folder, path.join(checkout, 'src/debugAdapter.ts'), 'mock.cjs'));
  const objects = REQUESTS - 1;
  // An object takes a line of its own: what follows on its line would be taken for a part of it.
  const declared = Array.from({ length: objects }, (_, i) => `$o${i}={}`);
  const others = Array.from({ length: VARIABLES - objects * (1 + FIELDS) }, (_, i) => `$v${i}=${i}`);
  declared.push(others.join(' '));
  const program = path.join(folder, 'program.md');
  const lines = Array.from({ length: PROGRAM_LINES }, (_, i) => `line ${i} of the program`);
  writeFileSync(program, [...declared, ...lines].join('\n'));
  await client.launch({ program, stopOnEntry: true });
  for (const _ of declared) await client.move('next', THREAD);
  const open: Open = async ([locals]) => {
    const all = await children(client, locals);
    let count = all.length;
    for (const object of all.filter(({ variablesReference }) => variablesReference > 0)) {
      count += (await children(client, object)).length;
    }
    return count;
  };
  return { client, step: () => step(client, THREAD, open), rest: () => Promise.resolve() };
}

async function timed(of: Stepper): Promise<number> {
  const from = performance.now();
  const count = await of.step();
  const spent = performance.now() - from;
  if (count !== VARIABLES) refuse(`${count} variables came instead of ${VARIABLES}`);
  await of.rest();
  return spent;
}

/**
 * Takes steps in both adapters in turns.
 * @param checkout folder of the sample adapter's sources with its packages, or undefined
 */
export async function measureDapStep(checkout: string | undefined, steps: number): Promise<DapStep> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'smmu-bench-'));
  const running: Stepper[] = [];
  try {
    const own = await ours(folder);
    running.push(own);
    const peer = checkout === undefined ? null : await sample(folder, checkout);
    if (peer) running.push(peer);
    const times: { own: number; peer: number }[] = [];
    for (let i = 0; i < WARM_UP + steps; i++) {
      const one = { own: await timed(own), peer: peer ? await timed(peer) : Number.NaN };
      if (i >= WARM_UP) times.push(one);
    }
    return {
      p50: median(times.map((time) => time.own)),
      peer: peer ? median(times.map((time) => time.peer)) : null,
      version: checkout === undefined ? '' : versionOf(checkout),
      steps,
    };
  } finally {
    for (const { client } of running) client.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function versionOf(checkout: string): string {
  const { name, version } = JSON.parse(readFileSync(path.join(checkout, 'package.json'), 'utf8')) as Package;
  return `${name} ${version}`;
}
