/**
 * The adapter's surroundings under Node: files by `src/capture`, time by the event loop. The only file of the adapter
 * that touches them.
 */

import type { Host } from './host.ts';
import { type FileHost, openCaptured, openProgram } from './node-program.ts';

/** @param directory where relative paths of a launch start */
export function nodeHost(directory: string = process.cwd()): Host {
  return {
    clock: {
      now: () => performance.now(),
      breathe: () => new Promise((resolve) => setImmediate(resolve)),
    },
    async open(inputs, progress, signal) {
      const files: FileHost = {
        directory,
        signal,
        progress: ({ file, done, total }) => progress({ text: `inflating ${file}`, done, total }),
      };
      if (inputs.program !== null) return openProgram(inputs, inputs.program, files);
      return { ...(await openCaptured(inputs, files)), program: null };
    },
  };
}
