/**
 * Run as a process of its own: opens the capture that the command line names, reads a word of every MiB, and prints
 * by how many bytes the process grew at most.
 */
import { captureMemory, openCapture } from '../../src/capture/capture.ts';
import { DATA } from '../../src/model/memory.ts';

const STEP = 2 ** 20;
const before = process.memoryUsage().rss;
let peak = before;
const capture = await openCapture(process.argv[2] ?? '');
const memory = captureMemory(capture, 'ns');
let pages = 0;
for (const { base, size } of capture.ranges.ns) {
  for (let pa = base; pa < base + size; pa += STEP) {
    if (memory.load64(Math.floor(pa / 2 ** 32), pa >>> 0) !== DATA) continue;
    pages++;
    if (pages % 64 === 0) peak = Math.max(peak, process.memoryUsage().rss);
  }
}
capture.close();
process.stdout.write(JSON.stringify({ growth: peak - before, pages }));
