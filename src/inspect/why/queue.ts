/** Why a queue does not move: IHI 0070 3.5, 6.3.9, 7.1, 7.2. */

import { hex } from '../../bits/u64.ts';
import type { World } from '../../bits/world.ts';
import { judge } from '../../model/commands/legality.ts';
import { type QueueName, type Ring, ring } from '../../model/queues/ring.ts';
import type { Smmu } from '../../model/smmu.ts';
import { CERRORS, cerrorName } from '../../spec/cerror.ts';
import type { QueueWorld } from '../../spec/commands.ts';
import { WORLD_PREFIX, worldRegister } from '../../spec/registers.ts';
import { commandText } from '../command-text.ts';
import { queuesOf, whyNoQueues } from '../queues.ts';
import { worldName } from '../text.ts';
import { illegalLines } from './command.ts';
import type { Finding, QueueExplanation } from './finding.ts';
import { activeErrors, interruptFindings } from './gerror.ts';
import {
  atcCandidates,
  candidatesText,
  commandsIn,
  orderFindings,
  type RingCommand,
  syncText,
} from './ring-lint.ts';

/** Explains whether and why a queue of a Security state stands still. Changes nothing. */
export function explainQueue(smmu: Smmu, world: World, queue: QueueName = 'CMDQ'): QueueExplanation {
  const title = `${queue} ${world}`;
  const absent = queuesOf(world).includes(queue)
    ? whyNoQueues(smmu, world)
    : `the ${worldName(world)} state has no ${queue} (3.10)`;
  if (absent !== null) return { title, verdict: absent, findings: [] };
  const q = ring(smmu.bank, queue, world);
  const findings = [...commonFindings(smmu, q), ...handshakeFindings(smmu, world)];
  if (!hasCommands(q)) findings.push(...recordFindings(smmu, q));
  else findings.push(...commandFindings(smmu, q));
  return { title, verdict: verdictOf(q, findings), findings };
}

/** A command queue: Root has none. */
type CommandRing = Ring & { readonly world: QueueWorld };

function hasCommands(q: Ring): q is CommandRing {
  return q.name === 'CMDQ' && q.world !== 'root';
}

function verdictOf(q: Ring, findings: readonly Finding[]): string {
  const where = indexText(q);
  if (findings.some(({ kind }) => kind === 'cause')) return `stuck; ${where}`;
  if (q.empty) return `nothing pending; ${where}`;
  return q.name === 'CMDQ' ? `running: the next command can be consumed; ${where}` : `in order; ${where}`;
}

function indexText(q: Ring): string {
  const size = 2 ** q.log2size;
  return `PROD ${hex(q.prod)} wrap ${q.prodWrap}, CONS ${hex(q.cons)} wrap ${q.consWrap}, ${Math.min(q.used, size)} of ${size} entries used`;
}

const ENABLE = { CMDQ: 'CMDQEN', EVENTQ: 'EVENTQEN', PRIQ: 'PRIQEN' } as const;
const READS = {
  CMDQ: 'CONS never moves',
  EVENTQ: 'no event is recorded',
  PRIQ: 'no page request is recorded',
} as const;

function commonFindings(smmu: Smmu, q: Ring): Finding[] {
  const found: Finding[] = [];
  if (smmu.failure.active || activeErrors(smmu, q.world).includes('SFM_ERR'))
    found.push({
      id: 'sfm',
      kind: 'cause',
      text: 'service failure mode is active: queues are accessed no more (12.3)',
    });
  if (!q.enabled)
    found.push({
      id: 'disabled',
      kind: 'cause',
      text: `${WORLD_PREFIX[q.world]}CR0.${ENABLE[q.name]}=0: ${READS[q.name]} (6.3.9)`,
    });
  if (q.inconsistent)
    found.push({
      id: 'inconsistent',
      kind: 'cause',
      text: `PROD and CONS are ${q.used} entries apart in a queue of ${2 ** q.log2size}: a software error, what follows is UNPREDICTABLE (3.5.1)`,
    });
  if (q.full || (q.prod === q.cons && !q.empty))
    found.push({
      id: 'full',
      kind: 'also',
      text: `the queue is full: the indices agree, and only the wrap bits tell it from empty (3.5.1)`,
    });
  return found;
}

/** Fields of CR0 that CR0ACK does not show yet: the SMMU is still at it (6.3.9). */
function handshakeFindings({ bank }: Smmu, world: World): Finding[] {
  const cr0 = `${WORLD_PREFIX[world]}CR0`;
  const fields = worldRegister(world, 'CR0ACK')?.layout.list ?? [];
  const waiting = fields.filter(({ name }) => bank.field(cr0, name) !== bank.field(`${cr0}ACK`, name));
  if (waiting.length === 0) return [];
  const list = waiting.map(
    ({ name }) =>
      `${name} is ${bank.field(cr0, name)} in ${cr0} and ${bank.field(`${cr0}ACK`, name)} in ${cr0}ACK`,
  );
  return [
    {
      id: 'handshake',
      kind: 'also',
      text: `${list.join('; ')}: the update is not acknowledged, either value may be in force, and software may not write the field again before they agree (6.3.9)`,
    },
  ];
}

function commandFindings(smmu: Smmu, q: CommandRing): Finding[] {
  const found: Finding[] = [];
  const errors = activeErrors(smmu, q.world);
  const prefix = WORLD_PREFIX[q.world];
  const state = smmu.state(q.world);
  const commands = commandsIn(smmu, q.world);
  const next = commands.findIndex(({ pending }) => pending);
  if (errors.includes('CMDQ_ERR')) {
    found.push(...errorFindings(smmu, q, commands, next), ...interruptFindings(smmu, q.world));
  } else if (smmu.bank.field(`${prefix}CMDQ_CONS`, 'ERR') !== 0) {
    const name = cerrorName(smmu.bank.field(`${prefix}CMDQ_CONS`, 'ERR')) ?? 'a reserved code';
    found.push({
      id: 'old-error',
      kind: 'also',
      text: `${prefix}CMDQ_CONS.ERR holds ${name} of an error that was acknowledged; it counts no more`,
    });
  } else if (next >= 0) found.push(...aheadFindings(smmu, q, commands));
  if (errors.includes('MSI_CMDQ_ABT_ERR')) {
    const text = `${prefix}GERROR.MSI_CMDQ_ABT_ERR is active: the MSI of a CMD_SYNC aborted, and its completion word was never written`;
    found.push({ id: 'sync-msi-abort', kind: 'cause', text });
  }
  found.push(...syncFindings(smmu, q, commands, next), ...orderFindings(commands));
  if (!state.smmuEnabled && !q.empty)
    found.push({ id: 'smmuen', kind: 'also', text: `${prefix}CR0.SMMUEN=0 does not stop the command queue` });
  return found;
}

/** The command at which the queue stopped, and what is wrong with it. */
function errorFindings(
  smmu: Smmu,
  q: CommandRing,
  commands: readonly RingCommand[],
  next: number,
): Finding[] {
  const prefix = WORLD_PREFIX[q.world];
  const code = smmu.bank.field(`${prefix}CMDQ_CONS`, 'ERR');
  const name = cerrorName(code) ?? `reserved code ${code}`;
  const command = next < 0 ? null : (commands[next] as RingCommand);
  const where =
    command === null
      ? 'at CONS'
      : `at [${hex(command.index)}] (PA ${hex(command.pa)}): ${commandText(command.words)}`;
  const stopped: Finding = {
    id: 'cerror',
    kind: 'cause',
    text: `${prefix}GERROR.CMDQ_ERR is active with ${name} ${where}; the queue goes on once ${prefix}GERRORN.CMDQ_ERR equals ${prefix}GERROR.CMDQ_ERR (7.1)`,
  };
  if (command === null) return [stopped];
  if (code === CERRORS.CERROR_ILL.code) {
    const verdict = judge(smmu.state(q.world), q.world, command.words);
    const why =
      'illegal' in verdict
        ? verdict.illegal
        : 'the command that lies there now is legal: it was overwritten since';
    const cure = 'illegal' in verdict ? illegalLines(smmu, q.world, command) : [];
    return [
      stopped,
      { id: 'illegal', kind: 'also', text: [why, ...cure.map((line) => line.replace(/\.$/, ''))].join('; ') },
    ];
  }
  if (code !== CERRORS.CERROR_ATC_INV_SYNC.code) return [stopped];
  const candidates = atcCandidates(commands, next);
  const list = candidates.length === 0 ? 'none is left in the ring' : candidatesText(candidates);
  return [
    stopped,
    {
      id: 'atc-candidates',
      kind: 'also',
      text: `the invalidation that timed out is one of those since the CMD_SYNC before: ${list}`,
    },
  ];
}

/** What the queue will stop at, and what its CMD_SYNC would wait for. */
function aheadFindings(smmu: Smmu, q: CommandRing, commands: readonly RingCommand[]): Finding[] {
  const found: Finding[] = [];
  const state = smmu.state(q.world);
  const bad = commands.find(({ pending, words }) => pending && 'illegal' in judge(state, q.world, words));
  if (bad) {
    const verdict = judge(state, q.world, bad.words);
    const why = 'illegal' in verdict ? verdict.illegal : '';
    found.push({
      id: 'will-stop',
      kind: 'also',
      text: `the queue will stop with CERROR_ILL at [${hex(bad.index)}]: ${why}`,
    });
  }
  const sync = commands.findIndex(({ pending, name }) => pending && name === 'CMD_SYNC');
  const waits = sync < 0 ? [] : atcCandidates(commands, sync);
  if (waits.length > 0)
    found.push({
      id: 'sync-waits',
      kind: 'also',
      text: `CMD_SYNC [${hex((commands[sync] as RingCommand).index)}] completes only when the endpoints have answered: ${candidatesText(waits)}`,
    });
  return found;
}

/** The next CMD_SYNC, or the last one that was consumed. */
function syncFindings(smmu: Smmu, q: CommandRing, commands: readonly RingCommand[], next: number): Finding[] {
  const isSync = ({ name }: RingCommand): boolean => name === 'CMD_SYNC';
  const ahead = next < 0 ? undefined : commands.slice(next).find(isSync);
  const last = commands.findLast((command) => isSync(command) && !command.pending);
  return [last, ahead]
    .filter((command) => command !== undefined)
    .map((command): Finding => ({ id: 'sync', kind: 'also', text: syncText(smmu, q.world, command) }));
}

/** Event and PRI queues: overflows, aborts, interrupts. */
function recordFindings(smmu: Smmu, q: Ring): Finding[] {
  const { bank } = smmu;
  const found: Finding[] = [];
  const stem = q.name;
  const prefix = WORLD_PREFIX[q.world];
  const abort = `${stem}_ABT_ERR`;
  if (activeErrors(smmu, q.world).includes(abort))
    found.push({
      id: 'abort',
      kind: 'cause',
      text: `${prefix}GERROR.${abort} is active: a write to the queue at ${hex(q.base)} aborted, and none is made until it is acknowledged (7.2)`,
    });
  const overflow = bank.field(`${prefix}${stem}_PROD`, 'OVFLG');
  const acknowledged = bank.field(`${prefix}${stem}_CONS`, 'OVACKFLG');
  if (overflow !== acknowledged)
    found.push({
      id: 'overflow',
      kind: 'also',
      text: `overflow: ${prefix}${stem}_PROD.OVFLG=${overflow} and ${prefix}${stem}_CONS.OVACKFLG=${acknowledged} differ; records were lost, and a second loss stays invisible until software copies OVFLG (7.4)`,
    });
  if (q.full) {
    const what =
      stem === 'EVENTQ'
        ? 'further events are lost, records of stalls wait'
        : 'further page requests are answered by the SMMU';
    found.push({
      id: 'full-records',
      kind: 'cause',
      text: `software does not take records (CONS stands): ${what} (7.2, 8.2)`,
    });
  }
  if (!q.empty && bank.field(`${prefix}IRQ_CTRL`, `${stem}_IRQEN`) === 0)
    found.push({
      id: 'irq-off',
      kind: 'also',
      text: `${prefix}IRQ_CTRL.${stem}_IRQEN=0: no interrupt tells software that records wait (6.3.17)`,
    });
  return found;
}
