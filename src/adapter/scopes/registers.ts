import type { World } from '../../bits/world.ts';
import { registerFields, registerPlace, registersOf, registerValue } from '../../inspect/registers.ts';
import type { Smmu } from '../../model/smmu.ts';
import type { Register } from '../../spec/registers.ts';
import { registerSlot } from '../edit/slot.ts';
import { type Children, type Node, named } from '../variable-node.ts';
import { fieldNode } from './structure.ts';

/** The registers of one world. */
export function bankChildren(smmu: Smmu, world: World): Children {
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
    type: `${register.name} at ${registerPlace(register)}: ${register.doc}`,
    evaluateName: again,
    ...(whole ? { slot: whole } : {}),
    ...settable(register),
    children: named(() =>
      registerFields(smmu.bank, register).map((row) => ({
        ...fieldNode(row, world, registerSlot(register, row.name), `${again}.${row.name}`),
        ...settable(register),
      })),
    ),
  };
}

/** What an SMMU is stands in the launch configuration: nobody writes it. */
function settable(register: Register): { readOnly?: true } {
  return register.access === 'RO' ? { readOnly: true } : {};
}

/** Whether the register can be shown: its place in the bank is fixed. */
export function isShown(register: Register): boolean {
  return register.world !== null && registersOf(register.world).includes(register);
}
