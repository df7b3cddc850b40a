// npm run bench [-- --json FILE] [--only TEXT] [--quick]
// CPU time of translations, commands and scans, each beside a hand-written walk in the same round.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { NAME as DAP_STEP, type DapStep, measureDapStep } from './dap-step.ts';
import { type Gone, measureReverse, REVERSE, REVERSE_MAXIMAL } from './history.ts';
import { measureOpening, type Opened } from './open-core.ts';
import { type Bench, type Measured, measure } from './rounds.ts';
import { BIG_REGISTERS, openBigCapture } from './scans.ts';
import { suite } from './suite.ts';

const OPENING = 'open_4gib_core';
const MIB = 2 ** 20;

/** One line of `--json`. */
interface Line {
  readonly name: string;
  readonly ns: number;
  /** To the hand-written walk; null where there is nothing to compare with. */
  readonly ratio: number | null;
  /** Nanoseconds of the hand-written walk. */
  readonly baseline: number | null;
}

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));

function table(results: readonly Measured[]): string {
  const width = Math.max(...results.map(({ name }) => name.length)) + 2;
  const row = (name: string, ...cells: string[]): string =>
    `${name.padEnd(width)}${cells.map((cell) => cell.padStart(13)).join('')}`;
  const lines = results.map((r) => {
    const cells = row(r.name, r.ns.toFixed(1), `${r.ratio.toFixed(1)} x`, r.baseline.toFixed(1), r.unit);
    return r.note ? `${cells}   ${r.note}` : cells;
  });
  return [row('', 'CPU ns', 'ratio', 'walk ns', 'for one'), ...lines].join('\n');
}

function openingText({ cpuMs, wallMs, rows, nodes, grown }: Opened): string {
  return (
    `${OPENING}: ${cpuMs.toFixed(0)} ms CPU (${wallMs.toFixed(0)} ms wall) to the stream table's ${rows} rows; ` +
    `${(grown / MIB).toFixed(1)} MiB of memory growth after ${nodes} nodes below them`
  );
}

function dapStepText({ p50, peer, version, steps }: DapStep): string {
  const ours = `${DAP_STEP}: p50 ${p50.toFixed(2)} ms a step over stdio (${steps} steps)`;
  if (peer === null) return `${ours}; vscode-mock-debug left out: MOCK_DEBUG names no checkout of it`;
  return `${ours}, ${version} in the same run ${peer.toFixed(2)} ms: ${(p50 / peer).toFixed(2)} x`;
}

function reverseText(name: string, { steps, runMs, backMs, retained, grown, bytes }: Gone): string {
  return (
    `${name}: ${steps} commands run in ${runMs.toFixed(0)} ms CPU, taken back in ${backMs.toFixed(0)}; ` +
    `${(grown / MIB).toFixed(1)} MiB of memory growth at its peak, ${(retained / MIB).toFixed(1)} MiB of it history: ` +
    `${bytes.toFixed(1)} bytes a command`
  );
}

const { values } = parseArgs({
  options: { json: { type: 'string' }, only: { type: 'string' }, quick: { type: 'boolean' } },
});
const pace = values.quick ? { rounds: 5, batchMs: 5 } : { rounds: 21, batchMs: 15 };

async function main(): Promise<void> {
  const big = await openBigCapture();
  try {
    const { benches, leftOut } = suite(big.smmu, values.only);
    // A session has one cache policy: code that has seen only that is what it runs.
    const isMaximal = ({ name }: Bench): boolean => name.endsWith('_maximal');
    const results = [
      ...measure(
        benches.filter((bench) => !isMaximal(bench)),
        pace,
      ),
      ...measure(benches.filter(isMaximal), pace),
    ];
    const lines: Line[] = results.map(({ name, ns, ratio, baseline }) => ({
      name,
      ns: rounded(ns, 1),
      ratio: rounded(ratio, 2),
      baseline: rounded(baseline, 1),
    }));
    if (results.length > 0) console.log(table(results));
    if (leftOut.length > 0) console.log(`left out, not modelled: ${leftOut.join(', ')}`);
    if (OPENING.includes(values.only ?? '')) {
      const opened = measureOpening(big.capture, BIG_REGISTERS, values.quick ? 3 : 7);
      console.log(openingText(opened));
      lines.push({ name: OPENING, ns: Math.round(opened.cpuMs * 1e6), ratio: null, baseline: null });
    }
    for (const [name, policy] of [
      [REVERSE, 'combined'],
      [REVERSE_MAXIMAL, 'maximal'],
    ] as const) {
      if (!name.includes(values.only ?? '')) continue;
      const gone = measureReverse(values.quick ? 1 : 3, policy);
      console.log(reverseText(name, gone));
      lines.push({ name, ns: rounded((gone.runMs * 1e6) / gone.steps, 1), ratio: null, baseline: null });
    }
    if (DAP_STEP.includes(values.only ?? '')) {
      const step = await measureDapStep(process.env['MOCK_DEBUG'], values.quick ? 100 : 400);
      console.log(dapStepText(step));
      lines.push({
        name: DAP_STEP,
        ns: Math.round(step.p50 * 1e6),
        ratio: step.peer === null ? null : rounded(step.p50 / step.peer, 2),
        baseline: step.peer === null ? null : Math.round(step.peer * 1e6),
      });
    }
    if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(lines, null, 2)}\n`);
  } finally {
    big.close();
  }
}

void main();
