/** What becomes of devices and of what their consumers hold. */

import type { QueueMachine } from '../machine.ts';
import type { Effect, Outcome, Recorder } from '../plan.ts';
import type { DeviceChange } from './device.ts';

/** `plug net0 (StreamID 0x8)`, in words. */
export function deviceChangeText(change: DeviceChange): string {
  const { what } = change;
  if (change.what === 'rules') {
    const { policy, accepts } = change.rules;
    return `notifier policy ${policy}, accepting ${accepts === 'map' ? 'MAP' : 'what QEMU accepts'}`;
  }
  return change.what === 'plug'
    ? `plug ${change.device.name} (StreamID 0x${change.device.sid.toString(16)})`
    : `${what} ${change.device}`;
}

/** Computes such an operation; its effects go to `effects`. */
export function planDevice(
  machine: QueueMachine,
  change: DeviceChange,
  effects: Effect[],
  recorder: Recorder | null,
): Partial<Outcome> & Pick<Outcome, 'result'> {
  const what = deviceChangeText(change);
  recorder?.step('begin', what);
  const { devices, rules } = machine.notifiers;
  if (change.what === 'rules') {
    effects.push({ kind: 'store', store: rules, op: 'insert', entry: change.rules, what });
    recorder?.step('end', what);
    return { result: 'ok' };
  }
  if (change.what === 'plug') {
    effects.push({
      kind: 'store',
      store: devices,
      op: 'insert',
      entry: { spec: change.device, notifiers: [] },
      what,
    });
  }
  return { result: 'ok' };
}
