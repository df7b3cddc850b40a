import { hex, hex64 } from '../../bits/u64.ts';
import { faultText, transactionText } from '../../control/words.ts';
import type { PendingInvalidation } from '../../model/ats/atc.ts';
import type { PageGroup } from '../../model/ats/page-requests.ts';
import type { PageRequest } from '../../model/plan.ts';
import type { Smmu } from '../../model/smmu.ts';
import type { Stall, StallPhase } from '../../model/stalls.ts';
import { PRI_RESPONSE_CODES } from '../../spec/command-rules.ts';
import { type Children, type Node, named } from '../variable-node.ts';
import { type Lister, list as listAll } from './list.ts';

/** What is on its way between devices, the SMMU and software. */
export function trafficScope(smmu: Smmu, list: Lister = listAll): Children {
  const { stalls, atc, pages } = smmu.traffic;
  return named(() => [
    list('stalled transactions', stalls.entries(), stallNode, 'they wait for CMD_RESUME or CMD_STALL_TERM'),
    list(
      'ATC invalidations',
      atc.pending.entries(),
      invalidationNode,
      'sent and not answered: a CMD_SYNC of the same queue fails',
    ),
    list('page request groups', pages.entries(), groupNode, 'the last group of each index'),
    {
      name: 'service failure',
      value: smmu.failure.reason ?? 'no',
      type: 'service failure mode: the SMMU answers nothing until it is reset (IHI 0070 12.3)',
    },
  ]);
}

const PHASES: Readonly<Record<StallPhase, string>> = {
  recorded: 'its record waits for CMD_RESUME',
  waiting: 'its record could not be written yet',
  suppressed: 'the record of another stall of the page stands for it',
  resumed: 'CMD_RESUME lets it be tried again',
  retried: 'it has gone on, but its record still wants an answer',
};

function stallNode(stall: Stall): Node {
  const { stag, phase, transaction, fault } = stall;
  return {
    name: stag < 0 ? 'no STAG' : `STAG ${hex(stag)}`,
    value: `${transactionText(transaction)}: ${PHASES[phase]}`,
    type: phase,
    children: named(() => [
      { name: 'transaction', value: transactionText(transaction) },
      { name: 'phase', value: `${phase}: ${PHASES[phase]}` },
      { name: 'fault', value: faultText(fault) },
    ]),
  };
}

function invalidationNode({ queue, scope }: PendingInvalidation): Node {
  const pasid = scope.ssid < 0 ? '' : scope.everyPasid ? ', every PASID' : `, PASID ${hex(scope.ssid)}`;
  const range =
    scope.shift >= 64
      ? 'everything'
      : `${hex64(scope.addressHi, scope.addressLo)} + ${hex(2 ** scope.shift)} bytes`;
  return { name: `StreamID ${hex(scope.sid)}`, value: `${range}${pasid}`, type: `sent by ${queue}` };
}

function responseText(code: number): string {
  if (code < 0) return 'no response yet';
  const name = Object.entries(PRI_RESPONSE_CODES).find(([, value]) => value === code)?.[0];
  return `answered ${name ?? hex(code)}`;
}

function groupNode(group: PageGroup): Node {
  const pasid = group.ssid < 0 ? '' : ` PASID ${hex(group.ssid)}`;
  const { length } = group.requests;
  return {
    name: `StreamID ${hex(group.sid)}${pasid} group ${group.prgIndex}`,
    value: `${length} ${length === 1 ? 'request' : 'requests'}, ${responseText(group.response)}`,
    children: named(() => group.requests.map(requestNode)),
  };
}

function requestNode(r: PageRequest): Node {
  const rights = `${r.read ? 'r' : '-'}${r.write ? 'w' : '-'}${r.execute ? 'x' : '-'}`;
  const more = `${r.privileged ? ', privileged' : ''}${r.last ? ', last of its group' : ''}`;
  return { name: hex64(r.addressHi, r.addressLo), value: `${rights}${more}` };
}
