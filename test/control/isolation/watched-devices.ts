/** Devices behind an SMMU, watched by the checker of isolation, one operation after the other. */

import type { World } from '../../../src/bits/world.ts';
import type { IsolationFinding } from '../../../src/control/isolation/breach.ts';
import { IsolationChecker } from '../../../src/control/isolation/checker.ts';
import type { Done, Repeatable } from '../../../src/control/isolation/run-again.ts';
import { Journal } from '../../../src/model/effects.ts';
import type { DeviceChange, DeviceSpec, NotifierRequest } from '../../../src/model/notifiers/device.ts';
import type { Operation } from '../../../src/model/plan.ts';
import type { CommandName } from '../../../src/spec/commands.ts';
import type { NotifierPolicy } from '../../../src/spec/notifiers.ts';
import { WORLD_PREFIX } from '../../../src/spec/registers.ts';
import { cacheContents } from '../../kit/machine.ts';
import { IOVA, NotifiedSmmu, PA } from '../../kit/notifiers.ts';
import {
  CMDQ,
  CMDQ_LOG2,
  commandWords,
  SID,
  STRTAB,
  type TestSmmu,
  TTB0,
  transaction,
  type Values,
} from '../../kit/smmu.ts';
import { map } from '../../kit/tables.ts';

const REGISTER_BYTES = 0x20000;

/** Where {@link IOVA} leads to on a Secure stream: in Secure memory. */
export const SECURE_PA = PA + 0x100000;

export interface WatchedOptions {
  readonly policy?: NotifierPolicy;
  /** Ids, those of statements about notifiers without their prefix. */
  readonly off?: readonly string[];
  readonly registers?: Readonly<Record<string, number>>;
  /** Default: no Realm and no Root state. */
  readonly worlds?: 'secure' | 'rme';
}

/** An SMMU with Non-secure and Secure streams {@link SID} that both translate {@link IOVA}. */
export class WatchedDevices {
  readonly on: NotifiedSmmu;
  readonly secure: TestSmmu;
  readonly checker = new IsolationChecker();
  readonly journal = new Journal();
  readonly findings: IsolationFinding[] = [];
  readonly marks: number[] = [];
  readonly #done: Done[] = [];

  constructor({
    policy = 'qemu-upstream',
    off = [],
    registers = {},
    worlds = 'secure',
  }: WatchedOptions = {}) {
    this.on = new NotifiedSmmu({ worlds, off, registers, notifiers: { policy } });
    this.secure = this.on.in('s');
    this.secure.ste();
    this.secure.cd({ ASID: 1 });
    map(this.secure, { iova: BigInt(IOVA), pa: BigInt(SECURE_PA) });
    // From here on software writes by operations, which can be taken back and done again.
    for (const on of [this.on, this.secure]) {
      on.store = (pa, words) => {
        this.operate({ kind: 'memory', space: on.world, pa, words: words.slice() });
      };
    }
  }

  /** What was found, by name. */
  get breaches(): readonly string[] {
    return this.findings.map(({ breach }) => breach);
  }

  operate(operation: Operation): readonly IsolationFinding[] {
    const { smmu } = this.on;
    const plan = smmu.plan(operation);
    const entry = this.marks.length;
    const found = this.checker.judge(smmu, plan);
    if (found.length > 0 && !this.checker.concerns(smmu, plan)) throw new Error('it did not ask to see this');
    this.findings.push(...found);
    this.marks.push(this.journal.length);
    this.#done.push({ operation });
    smmu.commit(plan.effects, this.journal);
    this.checker.committed(smmu, operation, plan.effects, entry);
    return found;
  }

  /** Takes back everything after so many operations. */
  back(to: number): void {
    this.journal.undo(this.on.smmu, this.marks[to] ?? 0);
    this.marks.length = to;
    this.#done.length = to;
    this.checker.undone(to);
  }

  /** Everything is as it was after so many operations, by one more. */
  revert(to: number): void {
    const entry = this.marks.length;
    this.marks.push(this.journal.length);
    this.#done.push({ revertTo: to });
    this.on.smmu.commit(this.journal.inverse(this.marks[to] ?? 0), this.journal);
    this.checker.reverted(to, entry);
  }

  change(change: DeviceChange): readonly IsolationFinding[] {
    return this.operate({ kind: 'device', change });
  }

  /** Plugs a device in, registers a notifier, and lets its consumer obtain {@link IOVA}. */
  device(notifier: NotifierRequest, some: Partial<DeviceSpec> = {}): void {
    const device = { name: 'net0', sid: SID, worlds: ['ns'], ...some } satisfies DeviceSpec;
    this.change({ what: 'plug', device });
    this.change({ what: 'register', device: device.name, notifier });
    this.obtain(IOVA, device.name);
  }

  obtain(iova: number, device = 'net0'): readonly IsolationFinding[] {
    return this.change({ what: 'obtain', device, notifier: 0, iovaHi: 0, iovaLo: iova, write: false });
  }

  /** One command of a queue. */
  command(name: CommandName, values: Values = {}, world: World = 'ns'): readonly IsolationFinding[] {
    const on = world === 'ns' ? this.on : this.secure;
    const register = `${WORLD_PREFIX[world]}CMDQ_PROD`;
    const prod = on.read(register);
    on.store(CMDQ + (prod % 2 ** CMDQ_LOG2) * 16, commandWords(name, values));
    const offset = on.offsetOf(register);
    const value = (prod + 1) % 2 ** (CMDQ_LOG2 + 1);
    this.operate({ kind: 'register', offset, value, valueHi: 0, bytes: 4, world });
    const next = on.smmu.nextCommand(world);
    if (!('operation' in next)) throw new Error(next.idle);
    return this.operate(next.operation);
  }

  dma(iova = IOVA, world: World = 'ns', sid = SID): readonly IsolationFinding[] {
    return this.operate({ kind: 'transaction', transaction: transaction(sid, iova, { world }) });
  }

  /** Everything as something that can be done again. */
  repeatable(): Repeatable {
    return {
      smmu: this.on.smmu,
      length: this.marks.length,
      at: (entry) => this.#done[entry] ?? null,
      beginning: () => this.journal.inverse(0),
    };
  }

  /** What the SMMU, its devices and their consumers come to, as text. */
  state(): unknown {
    const { smmu } = this.on;
    const { log, held, devices } = smmu.notifiers;
    const registers: number[] = [];
    for (let place = 0; place < REGISTER_BYTES; place += 4) registers.push(smmu.bank.peek(place));
    return {
      caches: cacheContents(smmu),
      registers,
      ste: this.on.words(STRTAB, 1024),
      ring: this.on.words(CMDQ, 256),
      tables: this.on.words(TTB0, 4096),
      log: log.values(),
      held: [...held.values()],
      devices: devices.values(),
      missed: this.held,
    };
  }

  /** How many mappings consumers hold, and how many of them though they were invalidated. */
  get held(): readonly [held: number, missed: number] {
    const { smmu } = this.on;
    const all = [...smmu.notifiers.held.values()];
    return [all.length, all.filter((one) => this.checker.isMissed(smmu, one)).length];
  }
}
