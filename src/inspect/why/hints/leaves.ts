/** Signatures of leaf descriptors: permissions and access flags. */

import { S1_LEAF, S2_LEAF } from '../../../spec/descriptors.ts';
import { descriptorsOf, type Facts } from '../facts.ts';
import type { HintKind } from './hint.ts';

function leafOf({ plan, cold, fault }: Facts, stage: 1 | 2): Uint32Array | null {
  if (fault?.stage !== stage) return null;
  const own = descriptorsOf(plan, stage).at(-1) ?? descriptorsOf(cold, stage).at(-1);
  return own !== undefined && own.words.length === 2 ? own.words : null;
}

const stage2Access: HintKind = {
  id: 's2ap',
  when(facts) {
    const { fault, transaction } = facts;
    const words = leafOf(facts, 2);
    if (fault?.event !== 'F_PERMISSION' || words === null) return null;
    const read = S2_LEAF.fields.S2AP0.get(words, 0);
    const write = S2_LEAF.fields.S2AP1.get(words, 0);
    const asked = `RnW=${transaction.write ? 0 : 1}`;
    // With all rights the refusal has another cause: XN, or S2PTW.
    if (read === 1 && write === 1) return null;
    return `S2AP=0b${write}${read} (${read ? 'read' : 'no read'}, ${write ? 'write' : 'no write'}) against ${asked}: S2AP[0] permits reads and S2AP[1] writes, each by itself; an atomic access needs both`;
  },
};

const stage1Access: HintKind = {
  id: 's1ap',
  when(facts) {
    const { fault, context, transaction } = facts;
    const words = leafOf(facts, 1);
    if (fault?.event !== 'F_PERMISSION' || words === null || context === null) return null;
    const ap1 = S1_LEAF.fields.AP1.get(words, 0);
    const ap2 = S1_LEAF.fields.AP2.get(words, 0);
    const dbm = S1_LEAF.fields.DBM.get(words, 0);
    if (transaction.write && ap2 === 1 && dbm === 1) {
      return 'AP[2]=1 with DBM=1 is a clean page: a write would mark it dirty if CD.HD were 1; without that software must do it';
    }
    if (!transaction.privileged && context.twoRanges && ap1 === 0) {
      return 'AP[1]=0 is a page of the kernel: unprivileged traffic may not use it; a device that should may need STE.PRIVCFG or another mapping';
    }
    return transaction.write && ap2 === 1
      ? 'AP[2]=1 maps the page read-only: it looks like a DMA_TO_DEVICE mapping that the device writes'
      : null;
  },
};

const accessFlag: HintKind = {
  id: 'access-flag',
  when({ fault, state }) {
    if (fault?.event !== 'F_ACCESS') return null;
    const [table, flag] = fault.stage === 2 ? ['STE.', 'S2HA'] : ['CD.', 'HA'];
    const offer =
      state.features.httu === 0
        ? 'this SMMU has no hardware update (IDR0.HTTU=0), so software must set AF'
        : `hardware could set AF (IDR0.HTTU=${state.features.httu}), but ${table}${flag}=0`;
    return `AF=0 in the leaf: ${offer}; it looks like tables that a CPU shares and ages`;
  },
};

export const LEAF_HINTS: readonly HintKind[] = [stage2Access, stage1Access, accessFlag];
