/** A machine with all four Security states, and its capture: memory images by space and a register snapshot. */

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { encode } from '../../src/bits/layout.ts';
import { WORLDS, type World } from '../../src/bits/world.ts';
import { GPT_L0_BLOCK, GPT_L0_TABLE, GPT_L1_CONTIG } from '../../src/spec/gpt.ts';
import { REGISTER_LIST, SINGLE_BLOCKS } from '../../src/spec/registers.ts';
import { commandWords, RAM, TestSmmu } from './smmu.ts';
import { map } from './tables.ts';

/** Where each state maps its one page, and to what. */
export const PAGES = {
  ns: { iova: 0x1000n, pa: 0x42340000n },
  s: { iova: 0x2000n, pa: 0x42350000n },
  realm: { iova: 0x3000n, pa: 0x42360000n },
} as const;

/** The level-0 granule protection table: eight entries of 1 GiB. */
export const GPT = 0x40a00000;
/** The level-1 table of the second GiB. */
export const GPT_LEVEL1 = 0x40b00000;

/** A stream in each state that maps one page, a command in each queue, and a granule protection table. */
export function fourWorlds(): TestSmmu {
  const m = new TestSmmu({ worlds: 'rme', caches: 'maximal' });
  for (const world of ['ns', 's', 'realm'] as const) {
    const w = m.in(world);
    w.ste({});
    w.cd({ ASID: 5 });
    map(w, PAGES[world]);
    w.store(0x40800000, commandWords('CMD_TLBI_NH_ALL', {}));
  }
  m.set({ CMDQ_PROD: 1, S_CMDQ_PROD: 1, R_CMDQ_PROD: 1 });
  // 36 bits, granules of 4 KiB, 1 GiB an entry; the first is Non-secure, the second a table, the rest open to all.
  m.set({ 'ROOT_GPT_BASE.ADDR': GPT, 'ROOT_GPT_BASE_CFG.PPS': 1 });
  const root = m.in('root');
  for (let i = 0; i < 64; i++)
    root.store(GPT + i * 8, encode(GPT_L0_BLOCK, { Type: 1, GPI: i === 0 ? 9 : 15 }));
  root.store(GPT + 8, encode(GPT_L0_TABLE, { Type: 3, NextTable: GPT_LEVEL1 }));
  // 64 KiB an entry: Secure, contiguous Realm, and one of two kinds of granules.
  for (let i = 0; i < 16384; i++) root.store(GPT_LEVEL1 + i * 8, Uint32Array.of(0x88888888, 0x88888888));
  root.store(GPT_LEVEL1 + 16 * 8, encode(GPT_L1_CONTIG, { Type: 1, GPI: 11, Contig: 1 }));
  root.store(GPT_LEVEL1 + 17 * 8, Uint32Array.of(0x99999999, 0xaaaaaaaa));
  root.store(GPT_LEVEL1 + 18 * 8, Uint32Array.of(0x11111112, 0));
  return m;
}

/** Bytes of an image: beyond it the machine has nothing of interest. */
const IMAGE_BYTES = 0x1400000;

/** The machine's capture in a folder: raw images by space, and its registers by name. */
export function captureOf(
  m: TestSmmu,
  folder: string,
): { capture: { file: string; base: string; space: World }[]; registers: Record<string, string> } {
  const capture = WORLDS.map((space) => {
    const file = path.join(folder, `${space}.bin`);
    writeFileSync(
      file,
      new Uint8Array(Uint32Array.from(m.in(space).words(RAM.base, IMAGE_BYTES / 4)).buffer),
    );
    return { file, base: `0x${RAM.base.toString(16)}`, space };
  });
  const registers: Record<string, string> = {};
  for (const register of REGISTER_LIST) {
    if (!SINGLE_BLOCKS.has(register.block) || register.array) continue;
    const [lo, hi] = [
      m.smmu.bank.lo(register.short),
      register.width === 64 ? m.smmu.bank.hi(register.short) : 0,
    ];
    if (lo !== 0 || hi !== 0)
      registers[register.short] = `0x${((BigInt(hi) << 32n) | BigInt(lo)).toString(16)}`;
  }
  return { capture, registers };
}
