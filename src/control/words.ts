import { hex, hex64 } from '../bits/u64.ts';
import { deviceChangeText } from '../model/notifiers/plan-device.ts';
import type { Fault, Missing, Operation, Outcome, Plan, Transaction } from '../model/plan.ts';
import { queueName } from '../model/queues/queue-id.ts';
import { attributesText } from '../model/translate/attribute-text.ts';
import { DEFAULT_ATTRIBUTES } from '../model/translate/attributes.ts';

/** What a transaction is called: `write`, `ATS request to read`, `speculative read`, `clean-invalidate`. */
function kindText({ kind, write, instruction }: Transaction): string {
  const access = write ? 'write' : instruction ? 'fetch' : 'read';
  switch (kind) {
    case 'ordinary':
      return access;
    case 'speculative':
      return `speculative ${access}`;
    case 'request':
      return `ATS request to ${access}`;
    case 'translated':
      return `ATS translated ${access}`;
    case 'atos':
      return `address translation operation for a ${access}`;
    case 'unsupported':
      return `unsupported ${access}`;
    default:
      return kind;
  }
}

/** `write sid=0x8 ssid=0x1 iova=0x1000`: a transaction in one line. */
export function transactionText(t: Transaction): string {
  const parts = [kindText(t), `sid=${hex(t.sid)}`];
  if (t.ssid >= 0) parts.push(`ssid=${hex(t.ssid)}`);
  parts.push(`iova=${hex64(t.vaHi, t.vaLo)}`);
  if (t.privileged) parts.push('privileged');
  if (t.write && t.instruction) parts.push('instruction');
  if (t.attributes !== DEFAULT_ATTRIBUTES) parts.push(`attributes ${attributesText(t.attributes)}`);
  if (t.world !== 'ns') parts.push(`world=${t.world}`);
  return parts.join(' ');
}

/** An operation in one line. */
export function operationText({ operation, frames }: Pick<Plan, 'operation' | 'frames'>): string {
  if (operation.kind !== 'command') return otherText(operation);
  return frames[0]?.name ?? commandText(operation, 'command');
}

/**
 * `CMDQ[0x2c] TLBI_NH_VA`.
 * @param command what it is called, with or without `CMD_`
 */
export function commandText(operation: Operation & { kind: 'command' }, command: string): string {
  const { queue = 'CMDQ', index } = operation;
  return `${queueName(queue)}[${hex(index)}] ${command.replace(/^CMD_/, '')}`;
}

function otherText(operation: Exclude<Operation, { kind: 'command' }>): string {
  switch (operation.kind) {
    case 'transaction':
      return transactionText(operation.transaction);
    case 'register':
      return `write ${hex(operation.value)} to register ${hex(operation.offset, 4)}`;
    case 'memory':
      return `write ${operation.words.length * 4} bytes at PA ${hex(operation.pa)} (${operation.space})`;
    case 'page-request': {
      const { sid, prgIndex, addressHi, addressLo } = operation.request;
      return `page request sid=${hex(sid)} group=${prgIndex} iova=${hex64(addressHi, addressLo)}`;
    }
    case 'page-hint': {
      const { sid, addressHi, addressLo, span } = operation.hint;
      return `page hint sid=${hex(sid)} iova=${hex64(addressHi, addressLo)} pages=${span}`;
    }
    case 'broadcast-tlbi':
    case 'broadcast-tlbi-pa':
      return `broadcast TLBI ${operation.message.name}`;
    case 'device':
      return deviceChangeText(operation.change);
    case 'learned':
      return `learn ${[...operation.registers, ...operation.memory].map(({ what }) => what).join(', ')}`;
  }
}

/** What a command ended in, when it cannot be consumed. */
export function stuckText(outcome: Outcome): string {
  if (outcome.missing) return missingText(outcome.missing, outcome.result === 'miss');
  return `the command cannot be completed (${outcome.result})`;
}

/** `STE 8 at PA 0x1000 (ns) is not in the image; an external abort there would give F_STE_FETCH`. */
export function missingText(missing: Missing, notFetched = false): string {
  const where = `${missing.structure} at PA ${hex(missing.pa)} (${missing.space})`;
  if (notFetched) return `${where} has not been fetched yet`;
  const wouldBe = missing.wouldBe ? `; an external abort there would give ${missing.wouldBe}` : '';
  return `${where} is not in the image${wouldBe}`;
}

/** `F_TRANSLATION: <reason> (stage 1 level 3; IHI 0070 3.4.1)`. */
export function faultText(fault: Fault): string {
  const where = fault.stage > 0 ? `stage ${fault.stage} level ${fault.level}; ` : '';
  return `${fault.event ?? 'terminated without an event'}: ${fault.reason} (${where}${ruleText(fault.rule)})`;
}

/** A section of IHI 0070 or of the manual that is named, or the id of a rule in the project's table. */
export function ruleText(rule: string): string {
  if (/^[0-9]/.test(rule)) return `IHI 0070 ${rule}`;
  return /^(DDI|IHI) /.test(rule) ? rule : `rule ${rule}`;
}
