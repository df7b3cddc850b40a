import { hex, hex64 } from '../../bits/u64.ts';
import { commandName, commandRows, commandText } from '../../inspect/command-text.ts';
import { layoutByName } from '../../inspect/layouts.ts';
import { deviceChangeText } from '../../model/notifiers/plan-device.ts';
import type { BroadcastMessage, PageHint, PageRequest, Plan, Transaction } from '../../model/plan.ts';
import { attributesText } from '../../model/translate/attribute-text.ts';
import { type Children, type Node, named } from '../variable-node.ts';
import { fieldsAt } from './structure.ts';

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
    case 'page-request':
      return { name: 'Page request', children: named(() => pageRequestNodes(operation.request)) };
    case 'page-hint':
      return { name: 'Page hint', children: named(() => pageHintNodes(operation.hint)) };
    case 'device':
      return {
        name: 'Device',
        children: named(() => [{ name: 'change', value: deviceChangeText(operation.change) }]),
      };
    case 'broadcast-tlbi':
      return { name: 'Broadcast TLBI', children: named(() => broadcastNodes(operation.message)) };
    case 'broadcast-tlbi-pa': {
      const { name, address, size } = operation.message;
      return {
        name: 'Broadcast TLBI',
        children: named(() => [
          { name: 'instruction', value: name },
          { name: 'address', value: hex(address) },
          { name: 'SIZE', value: `${size}` },
        ]),
      };
    }
    case 'learned':
      return {
        name: 'Learned',
        children: named(() => [
          ...operation.registers.map(({ offset, value, what }) => ({
            name: `register ${hex(offset, 4)}`,
            value: `${hex(value)}: ${what}`,
          })),
          ...operation.memory.map(({ pa, what }) => ({
            name: hex(pa),
            value: what,
            memory: { space: operation.space, pa },
          })),
        ]),
      };
  }
}

function yesNo(value: boolean): string {
  return value ? 'yes' : 'no';
}

function streamNodes(of: { readonly sid: number; readonly ssid: number; readonly world: string }): Node[] {
  return [
    { name: 'StreamID', value: hex(of.sid) },
    { name: 'PASID', value: of.ssid < 0 ? 'none' : hex(of.ssid) },
    { name: 'world', value: of.world },
  ];
}

function pageRequestNodes(r: PageRequest): Node[] {
  return [
    ...streamNodes(r),
    { name: 'address', value: hex64(r.addressHi, r.addressLo), type: 'input address (IOVA)' },
    { name: 'group', value: String(r.prgIndex), type: 'page request group' },
    { name: 'read', value: yesNo(r.read) },
    { name: 'write', value: yesNo(r.write) },
    { name: 'execute', value: yesNo(r.execute) },
    { name: 'privileged', value: yesNo(r.privileged) },
    { name: 'last', value: yesNo(r.last) },
  ];
}

function pageHintNodes(h: PageHint): Node[] {
  return [
    ...streamNodes(h),
    { name: 'address', value: hex64(h.addressHi, h.addressLo), type: 'input address (IOVA)' },
    { name: 'pages', value: String(h.span), type: 'of 4 KiB' },
  ];
}

function broadcastNodes(m: BroadcastMessage): Node[] {
  return [
    { name: 'operation', value: m.name },
    { name: 'address', value: hex64(m.addressHi, m.addressLo) },
    { name: 'VMID', value: hex(m.vmid) },
    { name: 'ASID', value: hex(m.asid) },
    { name: 'world', value: m.world },
  ];
}

function transactionNodes(t: Transaction): Node[] {
  return [
    { name: 'StreamID', value: hex(t.sid) },
    { name: 'SubstreamID', value: t.ssid < 0 ? 'none' : hex(t.ssid) },
    { name: 'address', value: hex64(t.vaHi, t.vaLo), type: 'input address (IOVA)' },
    { name: 'access', value: t.write ? 'write' : 'read' },
    ...(t.kind === 'ordinary' ? [] : [{ name: 'kind', value: t.kind }]),
    { name: 'privileged', value: yesNo(t.privileged) },
    { name: 'instruction', value: yesNo(t.instruction) },
    { name: 'attributes', value: attributesText(t.attributes), type: 'memory attributes as they arrive' },
    { name: 'world', value: t.world },
    ...(t.world === 'ns' ? [] : [{ name: 'NS', value: yesNo(t.ns), type: 'the NS attribute as it arrives' }]),
    ...(t.xt ? [{ name: 'XT', value: '1', type: 'NS says which memory it must reach' }] : []),
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
    const { pa, world } = operation;
    const fields = fieldsAt(layoutByName(commandName(words)), commandRows(words, 0, world), world, pa);
    return [{ name: 'command', value: commandText(words) }, ...place, ...fields];
  });
}
