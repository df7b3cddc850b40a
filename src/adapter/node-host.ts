/**
 * The adapter's surroundings under Node: files by `src/capture`, time by the event loop. The only file of the adapter
 * that touches them.
 */

import { openMachine } from '../capture/machine.ts';
import type { CaptureSpec } from '../capture/place.ts';
import type { Host } from './host.ts';

/** @param directory where relative paths of a launch start */
export function nodeHost(directory: string = process.cwd()): Host {
  return {
    clock: {
      now: () => performance.now(),
      breathe: () => new Promise((resolve) => setImmediate(resolve)),
    },
    async open({ capture, registers, ram, smmu: configuration, caches }, progress, signal) {
      const machine = await openMachine(
        // Their reader judges what these really are.
        {
          capture: capture as CaptureSpec,
          registers: registers as string,
          ram,
          smmu: configuration,
          caches,
        },
        {
          directory,
          signal,
          progress: ({ file, done, total }) => progress({ text: `inflating ${file}`, done, total }),
        },
      );
      const { smmu, warnings } = machine;
      return { smmu, warnings, description: machine.capture.description, close: () => machine.close() };
    },
  };
}
