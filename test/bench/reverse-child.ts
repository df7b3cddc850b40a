/**
 * A process of its own: runs a million commands through the debugger, goes back to the first, and prints what that cost.
 * Its argument is the cache policy.
 */
import { Debugger } from '../../src/control/debugger.ts';
import { offsetOf } from '../../src/model/bank.ts';
import { benchCases, isTranslation } from './cases.ts';
import { longQueue } from './long-queue.ts';

const LOG2SIZE = 19;
const RING = 2 ** LOG2SIZE;
const COMMANDS = 1_000_000;
const THREAD = 'cmdq.ns';
const MS = 1000;
const COLLECTIONS = 3;
const COLLECTION_MS = 20;

const like = benchCases().find((of) => !isTranslation(of));
if (!like || isTranslation(like)) throw new Error('no case with commands');
const smmu = longQueue(like, LOG2SIZE, process.argv[2] === 'maximal' ? 'maximal' : 'combined');
const debug = new Debugger(smmu, {
  now: () => performance.now(),
  breathe: () => new Promise((resolve) => setImmediate(resolve)),
});

let peak = 0;
/** Bytes in use, after collections: memory of arrays goes only some time after its array. */
async function used(): Promise<number> {
  for (let i = 0; i < COLLECTIONS; i++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, COLLECTION_MS));
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / MS;
}
/** Commands are consumed, in as many rings as it takes. */
async function run(): Promise<void> {
  for (let wanted = COMMANDS; wanted > 0; ) {
    const batch = Math.min(wanted, RING);
    const before = debug.history.length;
    const value = (smmu.bank.lo('CMDQ_CONS') + batch) % (2 * RING);
    const prod = offsetOf('CMDQ_PROD');
    debug.perform(THREAD, { kind: 'register', offset: prod, value, valueHi: 0, bytes: 4 }, 'PROD');
    const stop = await debug.continue(THREAD);
    if (stop.text !== 'nothing pending') throw new Error(`stopped: ${stop.reason} ${stop.text}`);
    if (debug.history.length !== before + 1 + batch) throw new Error('commands are missing in the history');
    wanted -= batch;
  }
}

const cons = smmu.bank.lo('CMDQ_CONS');
const keptBefore = await used();
const rssBefore = process.memoryUsage().rss;
const begin = cpuMs();
await run();
const ran = cpuMs();
peak = process.memoryUsage().rss;
const steps = debug.history.length;
const retained = (await used()) - keptBefore;
const back = cpuMs();
debug.reverseContinue(THREAD);
const done = cpuMs();
peak = Math.max(peak, process.memoryUsage().rss);
if (debug.history.length > 0 || smmu.bank.lo('CMDQ_CONS') !== cons)
  throw new Error('it is not where it began');
process.stdout.write(
  JSON.stringify({
    steps,
    runMs: ran - begin,
    backMs: done - back,
    retained,
    grown: peak - rssBefore,
    bytes: retained / steps,
  }),
);
