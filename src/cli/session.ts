/** Opening what a command looks at. */

import { UserError } from '../bits/user-error.ts';
import type { CaptureProgress } from '../capture/format.ts';
import { type OpenMachine, openMachine } from '../capture/machine.ts';
import { cachesOption, FEATURE_OPTION, type Given, ramOption, smmuOption } from './args.ts';
import type { Io } from './io.ts';

/**
 * Opens the capture and the registers that a command names, and prints what looks wrong to standard error.
 * @throws UserError when something is missing or unreadable
 */
export async function openGiven(command: string, given: Given, io: Io): Promise<OpenMachine> {
  const usage = `smmu-debug ${command} CAPTURE --registers SNAPSHOT`;
  if (given.files.length === 0)
    throw new UserError('no capture is named', { where: command, todo: `write ${usage}` });
  const registers = given.text('registers');
  if (registers === undefined) {
    throw new UserError('no register snapshot is named; a memory dump does not hold the registers', {
      where: command,
      todo: `write ${usage}`,
    });
  }
  const { progress } = io;
  const inputs = {
    capture: given.files.length === 1 ? (given.files[0] as string) : given.files,
    registers,
    ram: ramOption(given),
    caches: cachesOption(given),
    smmu: smmuOption(given),
    featuresAsked: FEATURE_OPTION,
  };
  const report = progress
    ? ({ file, done, total }: CaptureProgress) =>
        progress(`inflating ${file}: ${Math.floor((done / Math.max(total, 1)) * 100)} %`)
    : undefined;
  const machine = await io.cancellable((signal) => openMachine(inputs, { signal, progress: report }));
  for (const warning of machine.warnings) io.err(`warning: ${warning}`);
  return machine;
}
