/** Words and arguments that many forms have. */

import type { ArgumentParam, FlagParam } from './form.ts';

export const WORLD = { name: 'world', takes: 'world', doc: 'Security state: ns, s, realm or root.' } as const;

export const QUEUE_WORLD = {
  name: 'world',
  takes: 'queue-world',
  doc: 'Security state whose queue is meant: ns, s or realm.',
} as const;

export const SID: ArgumentParam = { name: 'sid', takes: 'expression', doc: 'StreamID.' };
export const SSID: ArgumentParam = { name: 'ssid', takes: 'expression', doc: 'SubstreamID.' };
export const IOVA: ArgumentParam = { name: 'iova', takes: 'expression', doc: 'Input address in bytes.' };
export const SIZE: ArgumentParam = { name: 'size', takes: 'expression', doc: 'Bytes.' };

export const DEVICE = { name: 'device', takes: 'device', doc: 'Name of a device statement.' } as const;
/** Of a device of several Security states. */
export const DEVICE_WORLD: ArgumentParam = {
  name: 'world',
  takes: 'world',
  doc: 'Which of the security states of the device; the first unless given.',
};
export const ADDRESS = { name: 'address', takes: 'expression', doc: 'Input address in bytes.' } as const;

/** How sure and how bad a finding is. */
export const FINDING_FLAGS: readonly FlagParam[] = [
  { name: 'certain', doc: 'It happened in the model.', set: 'certainty' },
  { name: 'possible', doc: 'It may happen on hardware.', set: 'certainty' },
  { name: 'unsafe', doc: 'Memory is reached that should not be.', set: 'class' },
  { name: 'spurious-fault', doc: 'What is permitted is denied.', set: 'class' },
];
