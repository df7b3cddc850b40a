/** Global errors, and what software should have done about them: IHI 0070 6.3.19, 6.3.20, 7.5. */

import { hex } from '../../bits/u64.ts';
import type { World } from '../../bits/world.ts';
import type { Smmu } from '../../model/smmu.ts';
import { cerrorName } from '../../spec/cerror.ts';
import { GERROR_NAMES, gerrorMask } from '../../spec/gerror.ts';
import { REGISTERS, WORLD_PREFIX } from '../../spec/registers.ts';
import { whyNoQueues } from '../queues.ts';
import type { Finding, QueueExplanation } from './finding.ts';

/** Bits in which GERROR and GERRORN of a Security state differ. */
function differing({ bank }: Smmu, world: World): number {
  const prefix = WORLD_PREFIX[world];
  return (bank.lo(`${prefix}GERROR`) ^ bank.lo(`${prefix}GERRORN`)) >>> 0;
}

/** Names of the active errors: GERROR and GERRORN differ in their bit. */
export function activeErrors(smmu: Smmu, world: World): string[] {
  const active = differing(smmu, world);
  return GERROR_NAMES.filter((name) => (active & gerrorMask(name)) !== 0);
}

/** Explains the global errors of a Security state. */
export function explainGerror(smmu: Smmu, world: World = 'ns'): QueueExplanation {
  const title = `GERROR ${world}`;
  const absent = whyNoQueues(smmu, world);
  if (absent !== null) return { title, verdict: absent, findings: [] };
  const { bank } = smmu;
  const prefix = WORLD_PREFIX[world];
  const active = activeErrors(smmu, world);
  const [error, ack] = [`${prefix}GERROR`, `${prefix}GERRORN`];
  const words = `${error}=${hex(bank.lo(error))}, ${ack}=${hex(bank.lo(ack))}`;
  const verdict =
    active.length === 0
      ? `no error is active (${words} agree)`
      : `active: ${active.join(', ')} (${words} differ there)`;
  const findings = active.map((name) => errorFinding(smmu, world, name));
  if (active.length > 0) findings.push(...interruptFindings(smmu, world));
  const unknown = unnamedBits(smmu, world);
  if (unknown !== 0) {
    findings.push({
      id: 'gerror-reserved',
      kind: 'also',
      text: `bits ${hex(unknown)} of ${error} and ${ack} differ but are reserved: it looks like a ${ack} that was written with toggles instead of a copy of ${error} (6.3.20)`,
    });
  }
  return { title, verdict, findings };
}

function unnamedBits(smmu: Smmu, world: World): number {
  const named = GERROR_NAMES.reduce((mask, name) => (mask | gerrorMask(name)) >>> 0, 0);
  return (differing(smmu, world) & ~named) >>> 0;
}

const EFFECTS: Readonly<Record<string, string>> = {
  CMDQP_ERR: 'an ECMDQ has stopped; ECMDQ_CONS.ERR differs from ECMDQ_PROD.ERRACK in the one (3.5.6.3)',
  SFM_ERR:
    'service failure mode: no queue is read or written any more, traffic is terminated (12.3); only a reset helps',
  EVENTQ_ABT_ERR: 'a write of an event record aborted; no record is written until it is acknowledged (7.2)',
  PRIQ_ABT_ERR:
    'a write of a page request aborted; page requests are discarded until it is acknowledged (8.2)',
  MSI_CMDQ_ABT_ERR:
    'the MSI of a CMD_SYNC aborted: its completion word is never written, so software that polls it waits for ever, though the CMD_SYNC is done (7.5)',
  MSI_EVENTQ_ABT_ERR: 'the MSI of the event queue aborted: nobody is told of events (7.5)',
  MSI_PRIQ_ABT_ERR: 'the MSI of the PRI queue aborted: nobody is told of page requests (7.5)',
  MSI_GERROR_ABT_ERR:
    'the MSI of a global error aborted, and this error raises no interrupt of its own (7.5)',
  DPT_ERR: 'a lookup in the Device Permission Table failed; DPT_CFG_FAR says where (3.24.4)',
};

function errorFinding(smmu: Smmu, world: World, name: string): Finding {
  if (name === 'CMDQ_ERR') {
    const prefix = WORLD_PREFIX[world];
    const code = smmu.bank.field(`${prefix}CMDQ_CONS`, 'ERR');
    const error = cerrorName(code) ?? `reserved code ${code}`;
    const text = `CMDQ_ERR: the command queue stopped with ${error} (${prefix}CMDQ_CONS.ERR=${code}); it goes on when ${prefix}GERRORN.CMDQ_ERR is made equal to ${prefix}GERROR.CMDQ_ERR (7.1)`;
    return { id: 'CMDQ_ERR', kind: 'cause', text };
  }
  const kind = name === 'SFM_ERR' || name === 'EVENTQ_ABT_ERR' ? 'cause' : 'also';
  return {
    id: name,
    kind,
    text: `${name}: ${EFFECTS[name] ?? REGISTERS.GERROR.layout.fields[name as 'SFM_ERR'].doc}`,
  };
}

/** An error that nobody is told of looks like a CMD_SYNC that never completes. */
export function interruptFindings(smmu: Smmu, world: World): Finding[] {
  const { bank } = smmu;
  const control = `${WORLD_PREFIX[world]}IRQ_CTRL`;
  const enabled = bank.field(control, 'GERROR_IRQEN') === 1;
  if (enabled) {
    const pending = bank.field(`${control}ACK`, 'GERROR_IRQEN') === 0;
    return pending
      ? [
          {
            id: 'irq-ack',
            kind: 'also',
            text: `${control}.GERROR_IRQEN=1 is not acknowledged in ${control}ACK yet`,
          },
        ]
      : [];
  }
  const text = `${control}.GERROR_IRQEN=0: no interrupt tells software of a global error; it sees only a timeout (6.3.17)`;
  return [{ id: 'gerror-irq-off', kind: 'also', text }];
}
