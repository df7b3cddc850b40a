// npm run bench [-- --json FILE] [--only TEXT] [--quick]
// CPU time of translations, commands and scans, each beside a hand-written walk in the same round.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
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
    if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(lines, null, 2)}\n`);
  } finally {
    big.close();
  }
}

void main();
