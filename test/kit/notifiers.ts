import type { NotifyDecision } from '../../src/model/notifiers/decision.ts';
import type { DeviceChange, DeviceSpec, NotifierRequest } from '../../src/model/notifiers/device.ts';
import type { NotifierOptions } from '../../src/model/notifiers/notifiers.ts';
import type { Plan } from '../../src/model/plan.ts';
import type { CommandName } from '../../src/spec/commands.ts';
import { NOTIFIER_FLAGS } from '../../src/spec/notifiers.ts';
import { commandWords, SID, type TestOptions, TestSmmu, type Values } from './smmu.ts';
import { map } from './tables.ts';

export const { UNMAP, MAP, DEVIOTLB_UNMAP } = NOTIFIER_FLAGS;

/** What is mapped on {@link NotifiedSmmu}: a page, and one more, by 4 KiB. */
export const IOVA = 0x12345000;
export const PA = 0x48000000;

export interface NotifiedOptions extends Omit<TestOptions, 'notifiers' | 'rulesOff'> {
  readonly notifiers?: NotifierOptions;
  /** Ids without their prefix. */
  readonly off?: readonly string[];
  readonly ste?: Values;
  readonly cd?: Values;
}

/** An SMMU whose stream {@link SID} translates {@link IOVA} with ASID 1, and devices. */
export class NotifiedSmmu extends TestSmmu {
  constructor({ off = [], ste, cd, ...options }: NotifiedOptions = {}) {
    super({ ...options, rulesOff: new Set(off.map((id) => `notify:${id}`)) });
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

  /** What consumers hold, `iova -> pa space`. */
  held(): readonly string[] {
    return [...this.smmu.notifiers.held.values()].map(
      ({ device, iovaHi, iovaLo, pa, space }) =>
        `${device} 0x${(iovaHi * 2 ** 32 + iovaLo).toString(16)} -> 0x${pa.toString(16)} ${space}`,
    );
  }
}
