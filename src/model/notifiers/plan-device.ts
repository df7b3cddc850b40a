/** What becomes of devices and of what their consumers hold. */

import { hex64 } from '../../bits/u64.ts';
import type { QueueMachine } from '../machine.ts';
import type { Outcome } from '../plan.ts';
import type { DeviceChange, DeviceSpec, HeldMapping, NotifierRequest } from './device.ts';
import type { Listener } from './invalidation.ts';
import type { Telling } from './look-up.ts';
import type { PluggedDevice } from './notifiers.ts';
import { obtain, type Translate } from './obtain.ts';
import { DecisionRecorder } from './record-decision.ts';
import { completed, flagsOf, judgeRegistration } from './registration.ts';

type Said = Partial<Outcome> & Pick<Outcome, 'result'>;

/** What a change does, in words: `plug net0 (StreamID 0x8)`. */
export function deviceChangeText(change: DeviceChange): string {
  switch (change.what) {
    case 'rules': {
      const { policy, accepts } = change.rules;
      return `notifier policy ${policy}, accepting ${accepts === 'map' ? 'MAP' : 'what QEMU accepts'}`;
    }
    case 'plug':
      return `plug ${change.device.name} (StreamID 0x${change.device.sid.toString(16)})`;
    case 'register':
      return `${change.notifier.consumer} of ${change.device} registers a notifier`;
    case 'unregister':
      return `unregister notifier ${change.notifier} of ${change.device}`;
    case 'obtain':
      return `${change.device} obtains ${hex64(change.iovaHi, change.iovaLo)}`;
    default:
      return `${change.what} ${change.device}`;
  }
}

/**
 * Computes such an operation.
 * @param translate see {@link Translate}
 */
export function planDevice(on: Telling, change: DeviceChange, translate: Translate): Said {
  on.recorder?.step('begin', deviceChangeText(change));
  switch (change.what) {
    case 'rules':
      return setRules(on, change);
    case 'plug':
      return plug(on, change.device);
    default: {
      const device = on.machine.notifiers.devices.get(change.device);
      return device ? changeDevice(on, device, change, translate) : idle(on, `no device ${change.device}`);
    }
  }
}

function idle({ recorder }: Telling, why: string): Said {
  recorder?.step('end', why);
  return { result: 'idle' };
}

function done({ recorder }: Telling, what: string): Said {
  recorder?.step('end', what);
  return { result: 'ok' };
}

function setRules(on: Telling, change: DeviceChange & { what: 'rules' }): Said {
  const what = deviceChangeText(change);
  const { rules } = on.machine.notifiers;
  on.effects.push({ kind: 'store', store: rules, op: 'insert', entry: change.rules, what });
  return done(on, what);
}

function plug(on: Telling, spec: DeviceSpec): Said {
  const { devices } = on.machine.notifiers;
  if (devices.get(spec.name) !== undefined) return idle(on, `${spec.name} is plugged in already`);
  const what = `${spec.name} is plugged in`;
  const entry: PluggedDevice = { spec, notifiers: [], listed: false, order: devices.nextOrder };
  on.effects.push({ kind: 'store', store: devices, op: 'insert', entry, what });
  return done(on, what);
}

function changeDevice(
  on: Telling,
  device: PluggedDevice,
  change: Exclude<DeviceChange, { what: 'rules' } | { what: 'plug' }>,
  translate: Translate,
): Said {
  const off = on.machine.state('ns').rulesOff;
  switch (change.what) {
    case 'register':
      return register(on, device, change.notifier);
    case 'unregister':
    case 'obtain': {
      const number = change.notifier;
      const notifier = device.notifiers[number];
      if (notifier == null) return idle(on, `${change.device} has no notifier ${number}`);
      const listener = { device, number, notifier };
      return change.what === 'obtain'
        ? obtain(on, listener, change, translate)
        : unregister(on, listener, off);
    }
    case 'reset':
      if (!off.has('notify:N6.24')) for (const one of listenersOf(device)) letGo(on, one, 'device reset');
      return done(on, `${change.device} is reset`);
    case 'unplug':
      if (!off.has('notify:N6.25')) for (const one of listenersOf(device)) letGo(on, one, 'unplug');
      return unplug(on, device);
  }
}

function listenersOf(device: PluggedDevice): readonly Listener[] {
  return device.notifiers.flatMap((notifier, number) =>
    notifier === null ? [] : [{ device, number, notifier }],
  );
}

function unplug(on: Telling, entry: PluggedDevice): Said {
  const what = `${entry.spec.name} is unplugged`;
  on.effects.push({ kind: 'store', store: on.machine.notifiers.devices, op: 'remove', entry, what });
  return done(on, what);
}

/** A device is replaced as a whole. */
function replace(on: Telling, before: PluggedDevice, after: PluggedDevice, what: string): void {
  const store = on.machine.notifiers.devices;
  on.effects.push({ kind: 'store', store, op: 'remove', entry: before, what });
  on.effects.push({ kind: 'store', store, op: 'insert', entry: after, what });
}

function register(on: Telling, device: PluggedDevice, request: NotifierRequest): Said {
  const { machine, effects, recorder } = on;
  const off = machine.state('ns').rulesOff;
  const notifier = completed(request, off);
  const entry = judgeRegistration(machine, device, notifier);
  if (entry !== null) {
    const what = `${device.spec.name}: ${entry.message}${entry.exits ? ' QEMU ends.' : ''}`;
    effects.push({ kind: 'store', store: machine.notifiers.refused, op: 'insert', entry, what });
    recorder?.step('finding', what);
    recorder?.step('end', 'the notifier is not registered');
    return { result: 'abort', refused: entry };
  }
  if (notifier.flags === 0 && !off.has('notify:N1.1')) return idle(on, 'no flag: nothing is registered');
  const { worlds } = device.spec;
  if (worlds.length > 1) {
    const states = worlds.join(' and ');
    recorder?.step('finding', `the device is of ${states}: one registration cannot say of which`);
  }
  const after = { ...device, notifiers: [...device.notifiers, notifier] };
  return relisted(on, device, after, `notifier ${device.notifiers.length} is registered`);
}

function unregister(on: Telling, listener: Listener, off: ReadonlySet<string>): Said {
  const { device, number } = listener;
  for (const mapping of heldBy(on.machine, listener)) {
    const what = `${device.spec.name} lets go of what it obtained`;
    on.effects.push({ kind: 'store', store: on.machine.notifiers.held, op: 'remove', entry: mapping, what });
  }
  const without = device.notifiers.map((one, i) => (i === number ? null : one));
  // Without flags it is not registered.
  const after = off.has('notify:N1.1') ? device : { ...device, notifiers: without };
  return relisted(on, device, after, `notifier ${number} is unregistered`);
}

/** Keeps the SMMU's list of devices with notifiers (`smmuv3_notify_flag_changed`). */
function relisted(on: Telling, before: PluggedDevice, after: PluggedDevice, what: string): Said {
  const off = on.machine.state('ns').rulesOff;
  const [was, is] = [flagsOf(before) !== 0, flagsOf(after) !== 0];
  let { listed } = before;
  if (!was && is && !off.has('notify:N2.3')) listed = true;
  if (was && !is && !off.has('notify:N2.4')) listed = false;
  replace(on, before, { ...after, listed }, what);
  return done(on, what);
}

function heldBy(machine: QueueMachine, { device, number }: Listener): readonly HeldMapping[] {
  return machine.notifiers.held.of(device.spec.name, number);
}

/** A consumer lets go of all that it obtained, by itself: no policy is asked. */
function letGo(on: Telling, listener: Listener, cause: string): void {
  const [actsOn = 'ns', ...also] = listener.device.spec.worlds;
  const removed = heldBy(on.machine, listener);
  const decisions = new DecisionRecorder(on, { cause, queue: null, actsOn, also, path: 'whole' });
  decisions.decide(listener, {
    reason: 'delivered',
    untold: '',
    event: null,
    action: { done: true, message: '', removed, kept: [] },
    reached: removed,
    named: removed,
  });
  decisions.finish();
}
