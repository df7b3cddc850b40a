import { realpathSync } from 'node:fs';
import path from 'node:path';
import { readTrace, SCRIPT_EXTENSION } from '../../adapter/node-program.ts';
import { nodeScripts, readScript } from '../../adapter/node-scripts.ts';
import { UserError } from '../../bits/user-error.ts';
import { readPreset } from '../../capture/configuration.ts';
import { checkersOf } from '../../control/checkers.ts';
import { comparePolicies, PolicyRecorder, type PolicyRun } from '../../control/isolation/policies.ts';
import { policyTable } from '../../control/isolation/policy-table.ts';
import { type RunFailure, type RunOptions, type RunResult, runScript } from '../../control/script/run.ts';
import { runTrace, traceMachine } from '../../control/trace/run.ts';
import { CACHE_POLICIES } from '../../model/smmu.ts';
import { NOTIFIER_POLICY_NAMES } from '../../spec/notifiers.ts';
import { cachesOption, type Given, parse } from '../args.ts';
import { type Io, LineWriter, NO, OK, printJson } from '../io.ts';

const OPTIONS = {
  only: { type: 'string' },
  preset: { type: 'string' },
  caches: { type: 'string' },
  workspace: { type: 'string' },
  json: { type: 'boolean' },
  'all-policies': { type: 'boolean' },
} as const;

/** What the debugger runs with, and so what a script is written for. */
const CACHES = CACHE_POLICIES[1];
/** Nearest to QEMU's own. */
const TRACE_CACHES = CACHE_POLICIES[0];

/** `smmu-debug run`: runs a script with its `expect` lines as a test, or replays a trace log. */
export async function runCommand(args: readonly string[], io: Io): Promise<number> {
  const given = parse('run', args, OPTIONS);
  const [named, ...more] = given.files;
  if (named === undefined || more.length > 0) {
    const what = named === undefined ? 'no script is named' : 'one script at a time';
    throw new UserError(what, { where: 'run', todo: 'write smmu-debug run SCRIPT.smmu' });
  }
  if (given.flag('all-policies') && !named.endsWith(SCRIPT_EXTENSION)) {
    throw new UserError('a trace has no devices with notifiers', {
      where: '--all-policies',
      todo: 'name a script',
    });
  }
  if (!named.endsWith(SCRIPT_EXTENSION)) return replay(named, given, io);
  const text = readScript(named);
  const file = realpathSync(named);
  const workspace = given.text('workspace') ?? path.dirname(file);
  const preset = given.text('preset');
  const caches = given.text('caches') === undefined ? CACHES : cachesOption(given);
  if (preset !== undefined) readPreset(preset, '--preset');
  const run = (more: Pick<RunOptions, 'checkers' | 'policy'>): Promise<RunResult> =>
    io.cancellable((signal) =>
      runScript(text, file, nodeScripts(workspace, { caches, signal }), {
        only: given.text('only'),
        preset,
        caches,
        ...more,
        breathe: async () => {
          await new Promise((resolve) => setImmediate(resolve));
          signal.throwIfAborted();
        },
      }),
    );
  if (given.flag('all-policies')) return underAllPolicies(named, run, given, io);
  const result = await run({ checkers: (smmu, text) => checkersOf(smmu, text).list });
  if (result.unreadable) throw result.unreadable;
  if (given.flag('json')) printJson(io, { script: named, caches, ...result });
  else print(result, (one) => shown(one, file, named), io);
  return result.tests.some(({ failures }) => failures.length > 0) ? NO : OK;
}

/** The script under each policy of notifiers; what is expected in it is not what is asked. */
async function underAllPolicies(
  named: string,
  run: (more: Pick<RunOptions, 'checkers' | 'policy'>) => Promise<RunResult>,
  given: Given,
  io: Io,
): Promise<number> {
  const runs: PolicyRun[] = [];
  for (const policy of NOTIFIER_POLICY_NAMES) {
    const recorders: PolicyRecorder[] = [];
    const { unreadable } = await run({
      policy,
      checkers: (_smmu, placeOf) => {
        const recorder = new PolicyRecorder(policy, placeOf);
        recorders.push(recorder);
        return [recorder];
      },
    });
    if (unreadable) throw unreadable;
    runs.push(...recorders.map((recorder) => recorder.result()));
  }
  const comparison = comparePolicies(runs);
  if (given.flag('json')) printJson(io, { script: named, ...comparison });
  else {
    const out = new LineWriter(io);
    for (const line of policyTable(comparison)) out.line(line);
    out.flush();
  }
  return OK;
}

/** A trace log: each answer that it holds is compared with the model's. */
function replay(named: string, given: Given, io: Io): number {
  const caches = given.text('caches') === undefined ? TRACE_CACHES : cachesOption(given);
  const text = readTrace(named);
  const report = runTrace(text, named, traceMachine(text, caches));
  const { notes, ...counts } = report;
  if (given.flag('json')) printJson(io, { trace: named, caches, ...report });
  else {
    const out = new LineWriter(io);
    for (const { place, text: said } of notes) out.line(`${named}:${place.line}: ${said}`);
    out.line(
      `${counts.lines} lines, ${counts.operations} operations; ${counts.compared} answers compared, ${counts.differing} differ, ${counts.unchecked} cannot be checked`,
    );
    out.flush();
  }
  return counts.differing > 0 ? NO : OK;
}

/** The script by the name that the user gave, others relative to where he is. */
function shown(one: string, file: string, named: string): string {
  return one === file ? named : path.relative(process.cwd(), one);
}

function failureText({ expected, actual, text }: RunFailure): string {
  return expected === undefined || actual === undefined ? text : `expected ${expected}, got ${actual}`;
}

function print({ tests, output, warnings }: RunResult, name: (file: string) => string, io: Io): void {
  const out = new LineWriter(io);
  if (output !== '') out.line(output.trimEnd());
  for (const { failures } of tests) {
    for (const failure of failures)
      out.line(`${name(failure.file)}:${failure.line}: ${failureText(failure)}`);
  }
  for (const { file, line, finding } of warnings) {
    out.line(
      `warning: ${name(file)}:${line}: ${finding.certainty} ${finding.kind}, ${finding.class}: ${finding.text}`,
    );
    for (const more of finding.more) out.line(`    ${more}`);
  }
  const failed = tests.filter(({ failures }) => failures.length > 0).length;
  out.line(`${tests.length - failed} passed, ${failed} failed`);
  out.flush();
}
