import { hex, hex64 } from '../../bits/u64.ts';
import { commandRows, commandText } from '../../inspect/command-text.ts';
import type { Plan, Transaction } from '../../model/plan.ts';
import { type Children, type Node, named } from '../variable-node.ts';
import { fieldNode } from './structure.ts';

/** The command or transaction itself: a name for the scope, and what it asks for. */
export function operationScope(plan: Plan): { name: string; children: Children } {
  const { operation } = plan;
  switch (operation.kind) {
    case 'transaction':
      return { name: 'Transaction', children: named(() => transactionNodes(operation.transaction)) };
    case 'command':
      return { name: 'Command', children: commandChildren(plan) };
    case 'register':
      return {
        name: 'Register write',
        children: named(() => [
          { name: 'offset', value: hex(operation.offset) },
          { name: 'value', value: hex64(operation.valueHi, operation.value) },
        ]),
      };
    case 'memory':
      return {
        name: 'Memory write',
        children: named(() => [
          {
            name: 'address',
            value: `${hex(operation.pa)} (${operation.space})`,
            memory: { space: operation.space, pa: operation.pa },
          },
        ]),
      };
  }
}

function transactionNodes(t: Transaction): Node[] {
  return [
    { name: 'StreamID', value: hex(t.sid) },
    { name: 'SubstreamID', value: t.ssid < 0 ? 'none' : hex(t.ssid) },
    { name: 'address', value: hex64(t.vaHi, t.vaLo), type: 'input address (IOVA)' },
    { name: 'access', value: t.write ? 'write' : 'read' },
    { name: 'privileged', value: t.privileged ? 'yes' : 'no' },
    { name: 'instruction', value: t.instruction ? 'yes' : 'no' },
    { name: 'world', value: t.world },
  ];
}

function commandChildren(plan: Plan): Children {
  const { operation } = plan;
  const words = plan.frames[0]?.words;
  return named(() => {
    if (operation.kind !== 'command') return [];
    const place: Node[] = [
      { name: 'index', value: hex(operation.index), type: 'place in the ring' },
      {
        name: 'address',
        value: `${hex(operation.pa)} (${operation.world})`,
        memory: { space: operation.world, pa: operation.pa },
      },
    ];
    if (!words || words.length < 4) return place;
    const fields = commandRows(words, 0, operation.world).map((row) => fieldNode(row, operation.world));
    return [{ name: 'command', value: commandText(words) }, ...place, ...fields];
  });
}
