import { fieldOf } from '../../bits/layout.ts';
import { hex } from '../../bits/u64.ts';
import type { World } from '../../bits/world.ts';
import { type DataPlace, placeOfField } from '../../control/stops/data-place.ts';
import { registerFields, registersOf, registerValue } from '../../inspect/registers.ts';
import { worldName } from '../../inspect/text.ts';
import { offsetOf } from '../../model/bank.ts';
import type { Smmu } from '../../model/smmu.ts';
import type { Register } from '../../spec/registers.ts';
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
  return {
    name: register.short,
    value: registerValue(smmu.bank, register),
    type: `${register.name} at +${hex(offsetOf(register.short), 5)}: ${register.doc}`,
    evaluateName: `reg ${register.short}`,
    data: { space: 'reg', pa: offsetOf(register.short), bytes: register.width / 8 },
    children: named(() =>
      registerFields(smmu.bank, register).map((row) => fieldNode(row, world, bitsOf(register, row.name))),
    ),
  };
}

function bitsOf(register: Register, name: string): DataPlace | undefined {
  const field = fieldOf(register.layout, name);
  return field && placeOfField('reg', offsetOf(register.short), field);
}

/** Whether the register can be shown: its place in the bank is fixed. */
export function isShown(register: Register): boolean {
  return register.world !== null && registersOf(register.world).includes(register);
}
