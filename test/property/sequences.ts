/** Random sequences of what happens to an SMMU: transactions, software's writes, commands. */

import fc from 'fast-check';
import type { CommandName } from '../../src/spec/commands.ts';
import { commandWords, type Values } from '../kit/smmu.ts';
import { type TxnChoice, transactions } from './arbitrary.ts';
import type { RandomMachine } from './machine.ts';

/** Software changes a doubleword that something has read: a bit, all of it, or it becomes like another. */
export interface Change {
  readonly which: number;
  readonly how: 'bit' | 'zero' | 'other';
  readonly by: number;
}

export type Happening =
  | { readonly kind: 'transaction'; readonly txn: TxnChoice }
  | { readonly kind: 'change'; readonly change: Change }
  | { readonly kind: 'command'; readonly command: Command };

export interface Command {
  readonly name: CommandName;
  readonly values: Values;
}

/** Commands with values that often match what the random machines use. */
const COMMANDS: fc.Arbitrary<Command> = fc
  .record({
    name: fc.constantFrom<CommandName>(
      'CMD_CFGI_STE',
      'CMD_CFGI_CD',
      'CMD_CFGI_CD_ALL',
      'CMD_CFGI_STE_RANGE',
      'CMD_TLBI_NH_ALL',
      'CMD_TLBI_NH_ASID',
      'CMD_TLBI_NH_VA',
      'CMD_TLBI_NH_VAA',
      'CMD_TLBI_S12_VMALL',
      'CMD_TLBI_S2_IPA',
      'CMD_TLBI_NSNH_ALL',
      'CMD_TLBI_EL2_ALL',
      'CMD_TLBI_EL2_VA',
      'CMD_SYNC',
    ),
    sid: fc.constantFrom(8, 9, 60),
    ssid: fc.constantFrom(0, 1, 3),
    range: fc.constantFrom(1, 31, 5),
    asid: fc.constantFrom(0, 3),
    vmid: fc.constantFrom(0, 7),
    page: fc.nat(0xfffff),
    leaf: fc.constantFrom(0, 1),
  })
  .map((c) => ({ name: c.name, values: valuesOf(c) }));

interface CommandChoice {
  readonly name: CommandName;
  readonly sid: number;
  readonly ssid: number;
  readonly range: number;
  readonly asid: number;
  readonly vmid: number;
  readonly page: number;
  readonly leaf: number;
}

function valuesOf({ name, sid, ssid, range, asid, vmid, page, leaf }: CommandChoice): Values {
  const Address = page * 0x1000;
  switch (name) {
    case 'CMD_CFGI_STE':
      return { StreamID: sid, Leaf: leaf };
    case 'CMD_CFGI_CD':
      return { StreamID: sid, SubstreamID: ssid, Leaf: leaf };
    case 'CMD_CFGI_CD_ALL':
      return { StreamID: sid };
    case 'CMD_CFGI_STE_RANGE':
      return { StreamID: sid, Range: range };
    case 'CMD_TLBI_NH_ALL':
    case 'CMD_TLBI_S12_VMALL':
      return { VMID: vmid };
    case 'CMD_TLBI_NH_ASID':
      return { VMID: vmid, ASID: asid };
    case 'CMD_TLBI_NH_VA':
      return { VMID: vmid, ASID: asid, Address, Leaf: leaf };
    case 'CMD_TLBI_NH_VAA':
    case 'CMD_TLBI_S2_IPA':
      return { VMID: vmid, Address, Leaf: leaf };
    case 'CMD_TLBI_EL2_VA':
      return { ASID: asid, Address, Leaf: leaf };
    default:
      return {};
  }
}

export const happenings: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 5, arbitrary: transactions.map((txn): Happening => ({ kind: 'transaction', txn })) },
  {
    weight: 2,
    arbitrary: fc
      .record({
        which: fc.nat(0xffff),
        how: fc.constantFrom<Change['how']>('bit', 'other', 'zero'),
        by: fc.nat(0xffff),
      })
      .map((change): Happening => ({ kind: 'change', change })),
  },
  { weight: 1, arbitrary: COMMANDS.map((command): Happening => ({ kind: 'command', command })) },
);

export const wordsOf = ({ name, values }: Command): Uint32Array => commandWords(name, values);

/** Everything that an SMMU of the Non-secure world may keep goes (4.3.6, 4.4). */
export function invalidateAll(machine: RandomMachine): Uint32Array[] {
  const hyp = machine.idr['IDR0.Hyp'] === 1n;
  const stage1 = machine.idr['IDR0.S1P'] === 1n;
  return [
    commandWords('CMD_CFGI_STE_RANGE', { Range: 31 }),
    commandWords('CMD_TLBI_NSNH_ALL'),
    ...(hyp && stage1 ? [commandWords('CMD_TLBI_EL2_ALL')] : []),
    commandWords('CMD_SYNC'),
  ];
}

/** The doubleword that a change is about, and what it becomes. */
export function changed(change: Change, machine: RandomMachine): readonly [pa: bigint, value: bigint] | null {
  const { made } = machine;
  const at = (n: number): bigint | undefined => made[n % Math.max(1, made.length)]?.[0];
  const pa = at(change.which);
  if (pa === undefined) return null;
  const before = machine.peek(pa);
  const other = machine.peek(at(change.by) ?? pa);
  return [pa, { bit: before ^ (1n << BigInt(change.by % 64)), zero: 0n, other }[change.how]];
}

export function apply(change: Change, machine: RandomMachine): void {
  const found = changed(change, machine);
  if (found) machine.poke(...found);
}
