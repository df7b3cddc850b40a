import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Capture } from '../../src/capture/capture.ts';
import { writeBigCore } from '../kit/big-core.ts';
import { median } from './clock.ts';

/** What opening the big core cost. */
export interface Opened {
  /** CPU time of all threads to the first decoded stream table. */
  readonly cpuMs: number;
  readonly wallMs: number;
  /** Rows of the stream table, and nodes opened below it. */
  readonly rows: number;
  readonly nodes: number;
  /** Growth of the resident set, in bytes, after all of that. */
  readonly grown: number;
}

const CHILD = path.resolve(import.meta.dirname, 'open-core-child.ts');

/**
 * Opens an uncompressed 4 GiB core in processes of their own; medians.
 * @param capture whose tables the core gets
 */
export function measureOpening(capture: Capture, registers: string, runs: number): Opened {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'smmu-bench-'));
  try {
    const file = path.join(folder, 'big.elf');
    writeBigCore(file, capture.sources.ns);
    const args = ['--disable-warning=MODULE_TYPELESS_PACKAGE_JSON', CHILD, file, registers];
    const all = Array.from(
      { length: runs },
      () => JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as Opened,
    );
    const of = (key: keyof Opened): number => median(all.map((one) => one[key]));
    return {
      cpuMs: of('cpuMs'),
      wallMs: of('wallMs'),
      rows: of('rows'),
      nodes: of('nodes'),
      grown: of('grown'),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
