import { offsetOf } from '../../model/bank.ts';
import { SparseMemory } from '../../model/memory.ts';
import type { CachePolicy } from '../../model/smmu.ts';
import { Smmu } from '../../model/smmu.ts';
import { ID_REGISTERS } from '../../spec/features.ts';
import { presetNamed } from '../../spec/presets.ts';
import type { ProgramNote } from '../program.ts';
import { TraceProgram } from './program.ts';
import type { TraceCounts } from './state.ts';

/** What only newer QEMUs trace: VMIDs of look-ups, stages of invalidations. */
const NEWER = /smmu_iotlb_lookup_\w+ [^\n]*vmid=|smmuv3_range_inval/;
const OLDER_PRESET = 'qemu-virt-7.2';
const NEWER_PRESET = 'qemu-virt-10.2';
/** Bytes of physical addresses that QEMU's SMMU reaches. */
const REACH = 2 ** 44;

/**
 * An SMMU for a trace: the ID registers of QEMU's, and memory of which nothing is known. A trace is held against what
 * it quotes itself, never against a dump of a later moment.
 * @param caches `combined` is nearest to QEMU's own
 */
export function traceMachine(text: string, caches: CachePolicy = 'combined'): Smmu {
  const memory = new SparseMemory({ fill: () => 0, ranges: [] }, { ram: [{ base: 0, size: REACH }] });
  const smmu = new Smmu({ memory, caches });
  const preset = presetNamed(NEWER.test(text) ? NEWER_PRESET : OLDER_PRESET);
  smmu.bank.load(ID_REGISTERS.map((name): [number, number] => [offsetOf(name), preset?.values[name] ?? 0]));
  return smmu;
}

/** What a whole trace came to. */
export interface TraceReport extends TraceCounts {
  /** Differences and skipped lines, in their order; the first ones where there are very many. */
  readonly notes: readonly ProgramNote[];
}

const NOTES_LIMIT = 1000;

/** Replays a whole trace without a debugger. @param file how notes name it */
export function runTrace(text: string, file: string, smmu = traceMachine(text)): TraceReport {
  const program = new TraceProgram(smmu, text, file);
  const notes: ProgramNote[] = [];
  for (let next = program.next(); next.kind !== 'end'; next = program.next()) {
    const plan = next.kind === 'operation' ? smmu.plan(next.operation) : null;
    if (plan !== null) smmu.commit(plan.effects);
    for (const note of program.advance({ plan, findings: [], history: 0 })) {
      if (notes.length < NOTES_LIMIT) notes.push(note);
    }
  }
  return { ...program.counts, notes };
}
