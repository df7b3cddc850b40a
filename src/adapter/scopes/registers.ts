import { hex } from '../../bits/u64.ts';
import type { World } from '../../bits/world.ts';
import { registerFields, registersOf, registerValue } from '../../inspect/registers.ts';
import { worldName } from '../../inspect/text.ts';
import { offsetOf } from '../../model/bank.ts';
import type { Smmu } from '../../model/smmu.ts';
import type { Register } from '../../spec/registers.ts';
import { placeOfSlot, registerSlot, type Slot } from '../edit/slot.ts';
import { type Children, type Node, named } from '../variable-node.ts';
import { fieldNode } from './structure.ts';

/** The banks of the worlds that this SMMU implements. */
export function registersScope(smmu: Smmu): Children {
  const worlds = implementedWorlds(smmu);
  const first = worlds[0];
  if (worlds.length === 1 && first) return bankChildren(smmu, first);
  return named(() =>
    worlds.map((world) => ({
      name: world,
      value: `${worldName(world)} registers`,
      children: bankChildren(smmu, world),
    })),
  );
}

/** Non-secure always; Secure when its ID register says so (IHI 0070 6.3.58). */
function implementedWorlds(smmu: Smmu): World[] {
  return smmu.bank.field('S_IDR1', 'SECURE_IMPL') === 1 ? ['ns', 's'] : ['ns'];
}

function bankChildren(smmu: Smmu, world: World): Children {
  return named(() => registersOf(world).map((register) => registerNode(smmu, register)));
}

/** A register with its fields. */
export function registerNode(smmu: Smmu, register: Register): Node {
  const world = register.world ?? 'ns';
  const again = `reg.${world}.${register.short}`;
  const whole = registerSlot(register, null);
  return {
    name: register.short,
    value: registerValue(smmu.bank, register),
    type: `${register.name} at +${hex(offsetOf(register.short), 5)}: ${register.doc}`,
    evaluateName: again,
    ...(whole ? { data: placeOfSlot(whole), ...settable(register, whole) } : {}),
    children: named(() =>
      registerFields(smmu.bank, register).map((row) => {
        const slot = registerSlot(register, row.name);
        const node = fieldNode(row, world, slot, `${again}.${row.name}`);
        return isWritable(register) ? node : readOnly(node);
      }),
    ),
  };
}

/** Software cannot write it, and neither can people: what an SMMU is stands in the launch configuration. */
function isWritable(register: Register): boolean {
  return register.access !== 'RO';
}

function settable(register: Register, slot: Slot): { slot?: Slot } {
  return isWritable(register) ? { slot } : {};
}

function readOnly({ slot: _, ...node }: Node): Node {
  return node;
}

/** Whether the register can be shown: its place in the bank is fixed. */
export function isShown(register: Register): boolean {
  return register.world !== null && registersOf(register.world).includes(register);
}
