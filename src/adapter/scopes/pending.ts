import { hex } from '../../bits/u64.ts';
import { rawWords } from '../../inspect/rows.ts';
import type { Effect, Plan } from '../../model/plan.ts';
import type { Smmu } from '../../model/smmu.ts';
import { type Children, type Node, named } from '../variable-node.ts';
import { configNode, tlbNode } from './cache-entries.ts';

/** What committing the operation will change, in order. Nothing of it has happened. */
export function pendingScope(smmu: Smmu, plan: Plan): Children {
  return named(() =>
    plan.effects.length === 0
      ? [{ name: 'nothing', value: 'this operation changes nothing' }]
      : plan.effects.map((effect, i) => effectNode(smmu, effect, i)),
  );
}

function effectNode(smmu: Smmu, effect: Effect, i: number): Node {
  const name = `${i}`;
  switch (effect.kind) {
    case 'memory':
      return {
        name: `${name} memory`,
        value: `${effect.what}: ${effect.words.length * 4} bytes at PA ${hex(effect.pa)}`,
        memory: { space: effect.space, pa: effect.pa },
        children: named(() =>
          rawWords(effect.words).map((value, at) => ({ name: `+${hex(at * 8)}`, value })),
        ),
      };
    case 'register': {
      const old = smmu.bank.peek(effect.offset);
      return { name: `${name} register`, value: `${effect.what}: ${hex(old)} -> ${hex(effect.value)}` };
    }
    case 'config':
      return { ...configNode(effect.entry), name: `${name} configuration cache ${effect.op}` };
    case 'tlb':
      return { ...tlbNode(effect.entry), name: `${name} TLB ${effect.op}` };
    case 'store':
      return { name: `${name} ${effect.op}`, value: effect.what };
    case 'signal':
      return { name: `${name} signal`, value: effect.what };
  }
}
