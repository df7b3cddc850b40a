/** `smmu-debug conform`: runs cases, writes what the model answered, and compares where answers are expected. */

import { UserError } from '../bits/user-error.ts';
import type { CachePolicy } from '../model/smmu.ts';
import { asCase, type CaseAnswer, type ConformCase } from './conform/case.ts';
import { type Judgement, judgeCase, type Verdict } from './conform/compare.ts';
import { runCase } from './conform/run-case.ts';
import { LineFile, linesOf, nameOf } from './lines.ts';

/** Characters of the longest case. */
const LINE_LIMIT = 2 ** 24;

/** What to run. */
export interface ConformOptions {
  readonly files: readonly string[];
  /** Where the answers go, one JSON line a case. */
  readonly actual?: string | undefined;
  readonly caches: CachePolicy;
}

type Counts = Readonly<Record<Verdict, number>>;

/** What came of it. */
export interface ConformReport {
  readonly caches: CachePolicy;
  readonly families: Readonly<Record<string, Counts>>;
  readonly total: Counts;
  readonly failures: readonly { readonly name: string; readonly why: string }[];
  readonly leftOut: readonly { readonly name: string; readonly why: string }[];
  /** Steps whose expected answer shows a stale entry; how many the model answered so; which it answered fresh. */
  readonly stale: { readonly visible: number; readonly answered: number; readonly fresh: readonly string[] };
}

const NO_COUNTS: Counts = { passed: 0, failed: 0, undecided: 0, 'left out': 0, answered: 0 };

/** Collects judgements. */
class Tally {
  readonly #families = new Map<string, Record<Verdict, number>>();
  readonly #failures: { name: string; why: string }[] = [];
  readonly #leftOut: { name: string; why: string }[] = [];
  readonly #fresh: string[] = [];
  #visible = 0;
  #answered = 0;

  add(of: ConformCase, judged: Judgement): void {
    const counts = this.#families.get(of.family) ?? { ...NO_COUNTS };
    counts[judged.verdict]++;
    this.#families.set(of.family, counts);
    const entry = { name: of.name, why: judged.why };
    if (judged.verdict === 'failed') this.#failures.push(entry);
    if (judged.verdict === 'left out') this.#leftOut.push(entry);
    this.#visible += judged.visibleStale;
    this.#answered += judged.answeredStale;
    for (const step of judged.freshInstead) this.#fresh.push(`${of.name} step ${step}`);
  }

  report(caches: CachePolicy): ConformReport {
    const total = { ...NO_COUNTS };
    for (const counts of this.#families.values()) {
      for (const verdict of Object.keys(total) as Verdict[]) total[verdict] += counts[verdict];
    }
    return {
      caches,
      families: Object.fromEntries([...this.#families].sort(([a], [b]) => a.localeCompare(b))),
      total,
      failures: this.#failures,
      leftOut: this.#leftOut,
      stale: { visible: this.#visible, answered: this.#answered, fresh: this.#fresh },
    };
  }
}

function parse(line: string, where: string): ConformCase {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new UserError('is not JSON', { where, todo: 'give files with one case a line' });
  }
  const found = asCase(value);
  if (typeof found === 'string')
    throw new UserError(found, { where, todo: 'give files with one case a line' });
  return found;
}

function run(from: ConformCase, where: string, caches: CachePolicy): CaseAnswer {
  try {
    return runCase(from, caches);
  } catch (error) {
    if (error instanceof UserError) throw new UserError(`${from.name}: ${error.message}`, { where });
    throw error;
  }
}

/**
 * Runs every case of the files.
 * @throws UserError naming file and line of what is not a case, or a file that cannot be read or written
 */
export async function runConform(options: ConformOptions): Promise<ConformReport> {
  const tally = new Tally();
  const out = options.actual === undefined ? null : new LineFile(options.actual, options.files);
  try {
    for (const file of options.files) {
      for await (const { text, number } of linesOf(file, LINE_LIMIT)) {
        const where = `${nameOf(file)}:${number}`;
        const from = parse(text, where);
        const answer = run(from, where, options.caches);
        tally.add(from, judgeCase(from, answer));
        out?.line(JSON.stringify(answer));
      }
    }
  } finally {
    out?.close();
  }
  return tally.report(options.caches);
}

/** The report as text: a table of families, what failed, what was left out and why. */
export function conformText(report: ConformReport): string {
  const { total, stale } = report;
  if (total.passed + total.failed + total.undecided + total['left out'] === 0) {
    return `${total.answered} answered`;
  }
  const row = (name: string, c: Counts): string =>
    `${name.padEnd(16)}${[c.passed, c.failed, c.undecided, c['left out'], c.answered].map((n) => String(n).padStart(10)).join('')}`;
  const lines = [
    `caches: ${report.caches}`,
    `${'family'.padEnd(16)}${['passed', 'failed', 'undecided', 'left out', 'answered'].map((s) => s.padStart(10)).join('')}`,
    ...Object.entries(report.families).map(([name, counts]) => row(name, counts)),
    row('total', total),
    `steps with a visible stale entry: ${stale.visible}, answered stale: ${stale.answered}`,
    ...stale.fresh.map((step) => `  answered fresh: ${step}`),
    ...report.failures.map(({ name, why }) => `FAILED ${name}: ${why}`),
    ...report.leftOut.map(({ name, why }) => `left out ${name}: ${why}`),
  ];
  return lines.join('\n');
}
