import type { World } from '../../src/bits/world.ts';
import type { NotifyDecision } from '../../src/model/notifiers/decision.ts';
import type { DeviceChange, DeviceSpec, NotifierRequest } from '../../src/model/notifiers/device.ts';
import type { NotifierOptions } from '../../src/model/notifiers/notifiers.ts';
import { spanText } from '../../src/model/notifiers/span.ts';
import type { Plan } from '../../src/model/plan.ts';
import type { CommandName } from '../../src/spec/commands.ts';
import { NOTIFIER_FLAGS } from '../../src/spec/notifiers.ts';
import { CMDQ, CMDQ_LOG2, commandWords, SID, type TestOptions, TestSmmu, type Values } from './smmu.ts';
import { map } from './tables.ts';

export const { UNMAP, MAP, DEVIOTLB_UNMAP } = NOTIFIER_FLAGS;

/** What is mapped on {@link NotifiedSmmu}: a page, and one more, by 4 KiB. */
export const IOVA = 0x12345000;
export const PA = 0x48000000;

export interface NotifiedOptions extends Omit<TestOptions, 'notifiers' | 'rulesOff'> {
  readonly notifiers?: NotifierOptions;
  /** Ids, those of statements about notifiers without their prefix. */
  readonly off?: readonly string[];
  readonly ste?: Values;
  readonly cd?: Values;
}

/** An SMMU whose stream {@link SID} translates {@link IOVA} with ASID 1, and devices. */
export class NotifiedSmmu extends TestSmmu {
  constructor({ off = [], ste, cd, ...options }: NotifiedOptions = {}) {
    super({ ...options, rulesOff: new Set(off.map((id) => (id.includes(':') ? id : `notify:${id}`))) });
    this.ste(ste);
    this.cd(cd);
    map(this, { iova: BigInt(IOVA), pa: BigInt(PA) });
    map(this, { iova: BigInt(IOVA + 0x1000), pa: BigInt(PA + 0x1000) });
  }

  /** Plans and commits a change of a device. */
  change(change: DeviceChange): Plan {
    const plan = this.smmu.plan({ kind: 'device', change });
    this.smmu.commit(plan.effects);
    return plan;
  }

  plug(device: Partial<DeviceSpec> = {}): Plan {
    return this.change({ what: 'plug', device: { name: 'net0', sid: SID, worlds: ['ns'], ...device } });
  }

  register(notifier: NotifierRequest, device = 'net0'): Plan {
    return this.change({ what: 'register', device, notifier });
  }

  obtain(iova: number, some: { device?: string; notifier?: number; write?: boolean } = {}): Plan {
    const at = { iovaHi: Math.floor(iova / 2 ** 32), iovaLo: iova >>> 0 };
    return this.change({ what: 'obtain', device: 'net0', notifier: 0, write: false, ...at, ...some });
  }

  /** What has been decided since the last time. */
  decisions(): readonly NotifyDecision[] {
    const all = this.smmu.notifiers.log.values();
    const fresh = all.slice(this.#seen);
    this.#seen = all.length;
    return fresh;
  }

  #seen = 0;

  /** Consumes a command and gives what was decided. */
  tell(name: CommandName, values: Values = {}): readonly NotifyDecision[] {
    this.decisions();
    this.run(commandWords(name, values));
    return this.decisions();
  }

  /** The same from the queue of another Security state. */
  tellFrom(world: World, name: CommandName, values: Values = {}): readonly NotifyDecision[] {
    this.decisions();
    this.in(world).run(commandWords(name, values));
    return this.decisions();
  }

  /** The stream of {@link SID} in another state, with the same addresses and ASID unless told otherwise. */
  stream(world: World, cd: Values = {}, ste: Values = {}): void {
    const m = this.in(world);
    m.ste(ste);
    m.cd(cd);
    map(m, { iova: BigInt(IOVA), pa: BigInt(PA) });
  }

  /** A block of 2 MiB at 0x20000000. */
  block(): void {
    map(this, { iova: 0x2000_0000n, pa: 0x4900_0000n, level: 2n });
  }

  /** Puts a command behind PROD and leaves it there. */
  queue(name: CommandName, values: Values = {}): void {
    const prod = this.read('CMDQ_PROD');
    this.store(CMDQ + (prod % 2 ** CMDQ_LOG2) * 16, commandWords(name, values));
    this.write('CMDQ_PROD', prod + 1);
  }

  /** What consumers hold, `iova -> pa space`. */
  held(): readonly string[] {
    return [...this.smmu.notifiers.held.values()].map(
      ({ device, iovaHi, iovaLo, pa, space }) =>
        `${device} 0x${(iovaHi * 2 ** 32 + iovaLo).toString(16)} -> 0x${pa.toString(16)} ${space}`,
    );
  }
}

/** `0x1000-0x1fff ns` of each that is told, and the reason of each that is not. */
export function briefly(decisions: readonly NotifyDecision[]): readonly string[] {
  return decisions.map(({ delivered, reason, event }) => {
    if (!delivered || event === null) return reason;
    return `${spanText(event)} ${event.space}`;
  });
}
