import { createHash } from 'node:crypto';
import path from 'node:path';
import { type OpenMachine, openMachine } from '../../src/capture/machine.ts';
import { contextsOf } from '../../src/model/caches/config.ts';
import { DATA, PAGE_BYTES, type SparseMemory } from '../../src/model/memory.ts';
import type { Smmu } from '../../src/model/smmu.ts';

/** Files of one of the small captures. */
export function fixture(name: string): { capture: string; registers: string } {
  const dir = path.resolve(import.meta.dirname, '../fixtures', name);
  return { capture: path.join(dir, 'small.elf.gz'), registers: path.join(dir, 'regs.json') };
}

/** The SMMU of one of the small captures. */
export function openFixture(name: string): Promise<OpenMachine> {
  return openMachine(fixture(name));
}

const REGISTER_BYTES = 0x20000;

/** Everything that an operation can change, in one hash: registers, memory, caches, stalls, endpoints. */
export function fingerprint(smmu: Smmu): string {
  const hash = createHash('sha256');
  const registers = new Uint32Array(REGISTER_BYTES / 4);
  for (let i = 0; i < registers.length; i++) registers[i] = smmu.bank.peek(i * 4);
  hash.update(registers);
  hashMemory(smmu.memory('ns'), (bytes) => hash.update(bytes));
  hash.update(JSON.stringify(cacheContents(smmu)));
  return hash.digest('hex');
}

function hashMemory(memory: SparseMemory, update: (words: Uint32Array) => void): void {
  const words = new Uint32Array(PAGE_BYTES / 4);
  for (const { base, size } of memory.source.ranges) {
    for (let at = 0; at < size; at += PAGE_BYTES) {
      words.fill(0);
      if (memory.load(base + at, words, 0, words.length) === DATA) update(words);
    }
  }
}

/** The contents of the caches, in an order of their own. */
export function cacheContents(smmu: Smmu): string[] {
  const configs = smmu.config
    .entries()
    .map((entry) => ({ ...entry, contexts: contextsOf(entry) }))
    .map(({ world, sid, stream, contexts }) =>
      JSON.stringify([
        world,
        sid,
        stream.pa,
        [...stream.words],
        contexts.map((c) => [c.index, c.pa, [...c.words]]),
      ]),
    );
  const tlbs = [smmu.tlb, smmu.partial, smmu.walks].flatMap((tlb, i) =>
    tlb.entries().map(({ space, ...entry }) => JSON.stringify([i, space.tag, entry])),
  );
  const structures = smmu.structures.entries().map((entry) => JSON.stringify([entry, [...entry.words]]));
  const dpt = (['ns', 'realm'] as const).flatMap((world) =>
    smmu.dpt.entries(world).map((entry) => JSON.stringify(entry)),
  );
  const maps = smmu.partidMaps.entries().map((map) => JSON.stringify({ ...map, words: [...map.words] }));
  return [...configs, ...tlbs, ...structures, ...dpt, ...maps, `${smmu.leaving.size} leaving`]
    .sort()
    .concat(trafficContents(smmu));
}

/** Stalled transactions and what endpoints hold, in their own order: undoing must keep it. */
function trafficContents({ traffic }: Smmu): string[] {
  const { stalls, atc, pages } = traffic;
  return [stalls.entries(), atc.entries(), atc.pending.entries(), pages.entries()].map((all) =>
    JSON.stringify(all),
  );
}
