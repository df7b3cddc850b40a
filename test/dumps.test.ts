import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseHex64 } from '../src/bits/u64.ts';
import { type OpenMachine, openMachine } from '../src/capture/machine.ts';
import { countAll, survey } from '../src/inspect/counts.ts';
import { mapsOf } from '../src/inspect/maps.ts';
import { queueEntries, queueSummary, queueWindow } from '../src/inspect/queues.ts';
import { transaction } from '../src/model/plan.ts';
import type { Answer } from '../src/model/translate/answer.ts';
import { sharedDir } from './kit/shared.ts';

interface Truth {
  readonly counts: Readonly<Record<string, number>>;
  readonly strtab: { readonly addr: string };
  readonly stes: readonly { readonly sid: number; readonly config: number }[];
  readonly cds: readonly {
    readonly ttb0: string;
    readonly asid: number;
    readonly leaves: number;
    readonly mappedBytes: number;
    readonly byLevel: Readonly<Record<string, number>>;
    readonly iovaMin: string | null;
    readonly iovaMax: string | null;
  }[];
  readonly cmdq: Queue & {
    readonly pendingCommands: readonly Command[];
    readonly last16consumed: readonly Command[];
  };
  readonly eventq: Queue & { readonly pendingEvents: readonly Event[] };
  readonly translations: readonly Translation[];
  readonly translationsGone: readonly {
    readonly sid: number;
    readonly iova: string;
    readonly nowFault: string;
  }[];
  readonly walkSamples: readonly { readonly sid: number; readonly iova: string; readonly pa: string }[];
}

interface Translation {
  readonly sid: number;
  readonly iova: string;
  readonly pa: string;
  readonly readable: number;
  readonly writable: number;
}

interface Queue {
  readonly base: string;
  readonly prod: number;
  readonly cons: number;
  readonly pending: number;
}

interface Command {
  readonly index: number;
  readonly name: string;
  readonly addr?: string;
  readonly asid?: number;
}

interface Event {
  readonly index: number;
  readonly name: string;
  readonly sid: number;
  readonly inputAddr: string;
  readonly rnw: number;
}

interface Dump {
  readonly name: string;
  readonly capture: string;
  readonly registers: string;
  readonly truth: string;
}

const fixtures = path.resolve(import.meta.dirname, 'fixtures');
const shared = sharedDir();

function dump(root: string, name: string, image: string, suffix = ''): Dump {
  const dir = path.join(root, name);
  return {
    name: `${name}${suffix} ${image}`,
    capture: path.join(dir, image),
    registers: path.join(dir, `regs${suffix}.json`),
    truth: path.join(dir, `truth${suffix}.json.gz`),
  };
}

const DUMPS: Dump[] = [
  ...['linux-basic', 'linux-faults', 'linux-pending', 'linux-mixed', 'linux-16k'].map((name) =>
    dump(fixtures, name, 'small.elf.gz'),
  ),
  dump(fixtures, 'linux-big', 'tables.elf.gz'),
];
if (shared !== null) {
  const dumps = path.join(shared, 'dumps');
  DUMPS.push(
    dump(dumps, 'linux-two-smmus', 'small.elf.gz', '0'),
    dump(dumps, 'linux-two-smmus', 'small.elf.gz', '1'),
    dump(dumps, 'linux-s1s2-newqemu', 'small.elf.gz'),
    dump(dumps, 'linux-basic', 'guest.elf.zst'),
    dump(dumps, 'linux-mixed', 'guest.elf.zst'),
  );
}

/** Opening a whole memory inflates half a gigabyte. */
const OPEN_TIMEOUT = 120_000;

describe.each(DUMPS)('$name', ({ capture, registers, truth: truthFile }) => {
  const truth = JSON.parse(gunzipSync(readFileSync(truthFile)).toString('utf8')) as Truth;
  /** Streams that this version does not translate. */
  let machine: OpenMachine;

  beforeAll(async () => {
    machine = await openMachine({ capture, registers });
  }, OPEN_TIMEOUT);
  afterAll(() => machine?.close());

  function ask(sid: number, iova: string, write = false): Answer {
    const at = parseHex64(iova);
    if (!at) throw new Error(`${iova} is no address`);
    return machine.smmu.translate(transaction({ sid, vaHi: at.hi, vaLo: at.lo, write }));
  }

  test('opens without a warning and finds the stream table', () => {
    expect(machine.warnings).toEqual([]);
    expect(machine.smmu.state('ns').streamTable.base).toBe(Number(truth.strtab.addr));
  });

  test('counts what truth counts', () => {
    const { counts, remarks } = countAll(machine.smmu, 'ns');
    expect(counts).toEqual(truth.counts);
    expect(remarks).toEqual([]);
  });

  test('each set of tables maps what truth says, between the same addresses', () => {
    const found = new Map(
      survey(machine.smmu, 'ns').domains.map((d) => [
        d.start.base,
        mapsOf(machine.smmu.memory('ns'), d.start),
      ]),
    );
    for (const cd of truth.cds) {
      const maps = found.get(Number(cd.ttb0));
      expect(maps?.leaves).toBe(cd.leaves);
      expect(maps?.bytes).toBe(cd.mappedBytes);
      for (const [level, leaves] of Object.entries(cd.byLevel)) {
        expect(maps?.leavesAt[Number(level.slice(1, 2)) + 1]).toBe(leaves);
      }
      if (!maps || maps.length === 0) continue;
      expect(maps.run(0).iova).toBe(cd.iovaMin);
      expect(maps.run(maps.length - 1).last).toBe(cd.iovaMax);
    }
  });

  test('translates every address of truth to the same physical address', () => {
    const wrong: unknown[] = [];
    let compared = 0;
    for (const { sid, iova, pa, readable, writable } of truth.translations) {
      compared++;
      const answer = ask(sid, iova, readable === 0 && writable === 1);
      if (answer.result !== 'ok' || answer.pa !== Number(pa))
        wrong.push({ sid, iova, pa, got: answer.result });
    }
    expect(wrong).toEqual([]);
    expect(compared).toBeGreaterThan(50);
  });

  test('refuses a write exactly where truth says read-only', () => {
    const wrong: unknown[] = [];
    for (const { sid, iova, writable } of truth.translations) {
      const answer = ask(sid, iova, true);
      const expected = writable === 1 ? null : 'F_PERMISSION';
      if ((answer.fault?.event ?? null) !== expected) wrong.push({ sid, iova, got: answer.fault?.event });
    }
    expect(wrong).toEqual([]);
  });

  test('agrees with the samples of the walk', () => {
    const wrong = truth.walkSamples.filter(({ sid, iova, pa }) => {
      const answer = ask(sid, iova);
      // A sample may be write-only; then the walk is right and the access is not.
      return answer.fault?.event === 'F_PERMISSION'
        ? ask(sid, iova, true).pa !== Number(pa)
        : answer.pa !== Number(pa);
    });
    expect(wrong).toEqual([]);
  });

  test('faults where a translation is gone', () => {
    for (const { sid, iova, nowFault } of truth.translationsGone) {
      const answer = ask(sid, iova);
      expect(answer.result).toBe('abort');
      expect(answer.fault?.event).toBe(nowFault === 'no STE / abort' ? null : nowFault);
    }
  });

  test('lists the command queue as truth does', () => {
    const { smmu } = machine;
    const summary = queueSummary(smmu, 'CMDQ', 'ns');
    expect({ ...summary, base: Number(summary.base) }).toMatchObject({
      base: Number(truth.cmdq.base),
      prod: truth.cmdq.prod,
      cons: truth.cmdq.cons,
      pending: truth.cmdq.pending,
    });
    const entries = queueEntries(smmu, 'CMDQ', 'ns', queueWindow(smmu, 'CMDQ', 'ns', { consumed: 16 }));
    const expected = [...[...truth.cmdq.last16consumed].reverse(), ...truth.cmdq.pendingCommands];
    expect(entries.map((e) => e.index)).toEqual(expected.map((c) => c.index));
    entries.forEach((entry, i) => {
      const command = expected[i] as Command;
      expect(entry.name).toBe(command.name);
      if (entry.name !== 'TLBI_NH_VA') return;
      expect(entry.text).toContain(`Address=${command.addr} `);
      expect(entry.text).toContain(`ASID=${command.asid} `);
    });
  });
});

describe('linux-faults', () => {
  const { capture, registers, truth: truthFile } = dump(fixtures, 'linux-faults', 'small.elf.gz');
  const truth = JSON.parse(gunzipSync(readFileSync(truthFile)).toString('utf8')) as Truth;

  test('has the 256 records of truth waiting, each with its stream, address and direction', async () => {
    const machine = await openMachine({ capture, registers });
    const { smmu } = machine;
    const entries = queueEntries(smmu, 'EVENTQ', 'ns', queueWindow(smmu, 'EVENTQ', 'ns', { consumed: 0 }));
    machine.close();
    expect(entries).toHaveLength(256);
    expect(entries.every((e) => e.state === 'pending')).toBe(true);
    const short = entries.map((e) => [e.index, e.text.split(' ').slice(0, 4).join(' ')]);
    const expected = truth.eventq.pendingEvents.map((e) => {
      const where =
        e.name === 'C_BAD_STREAMID' ? '' : ` iova=${e.inputAddr} ${e.rnw === 1 ? 'read' : 'write'}`;
      return [e.index, `${e.name} StreamID=0x${e.sid.toString(16)}${where}`];
    });
    expect(short).toEqual(expected);
  });
});
