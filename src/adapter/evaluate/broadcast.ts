/** Invalidations that PEs broadcast, on the console (IHI 0070 3.17). */

import { UserError } from '../../bits/user-error.ts';
import { isGptBroadcast, sizeCodeOf } from '../../control/gpt-range.ts';
import { hasQueues } from '../../model/queues/queue-id.ts';
import type { BroadcastMessage, GptBroadcast } from '../../model/side-operations.ts';
import {
  BROADCASTS,
  type BroadcastName,
  GPT_BROADCASTS,
  type GptBroadcastName,
} from '../../spec/broadcast.ts';
import type { Session } from '../session.ts';
import type { ConsoleCommand } from './command.ts';
import { numberIn, splitWords, type Words, wideIn, worldIn } from './words.ts';

const USAGE = 'broadcast VAE1 [asid=5] [vmid=0] [address=0x1000] [world=s] [e2h] [ns]';
const GPT_USAGE = 'broadcast RPAOS address=0x40000000 size=4K';
const KEYS = ['asid', 'vmid', 'address', 'world'];
const FLAGS = ['e2h', 'ns'];
const TAG_BITS = 16;
const PA_BITS = 52;
const NAMES = [...Object.keys(BROADCASTS), ...Object.keys(GPT_BROADCASTS)];

function isBroadcast(name: string): name is BroadcastName {
  return Object.hasOwn(BROADCASTS, name);
}

function messageOf({ debuggee }: Session, name: BroadcastName, { values, flags }: Words): BroadcastMessage {
  const world = worldIn(debuggee, values.get('world'));
  if (!hasQueues(world))
    throw new UserError(`${name} is of no regime of ${world}`, { todo: `write ${USAGE}` });
  const { hi, lo } = wideIn(values.get('address') ?? '0', 'address', USAGE);
  const tag = (key: string): number => numberIn(values.get(key) ?? '0', key, TAG_BITS, USAGE);
  return {
    world,
    name,
    e2h: flags.has('e2h'),
    vmid: tag('vmid'),
    asid: tag('asid'),
    addressHi: hi,
    addressLo: lo,
    ipaNs: flags.has('ns'),
  };
}

function byAddress(name: GptBroadcastName, { values }: Words): GptBroadcast {
  if (GPT_BROADCASTS[name].all) return { name, address: 0, size: 0 };
  const address = numberIn(values.get('address') ?? '', 'address', PA_BITS, GPT_USAGE);
  const bytes = numberIn(values.get('size') ?? '', 'size', PA_BITS, GPT_USAGE);
  return { name, address, size: sizeCodeOf(name, address, bytes) };
}

/** Lets a PE broadcast an invalidation. */
export const broadcast: ConsoleCommand = {
  name: 'broadcast',
  usage: USAGE,
  help: 'lets a PE broadcast a TLB invalidation; PAALLOS, RPAOS and RPALOS are about the granule protection table',
  words: [...NAMES, ...KEYS.map((key) => `${key}=`), 'size=', ...FLAGS],
  changes: true,
  run(session, rest) {
    const { debuggee } = session;
    const [word = '', ...more] = rest.trim().split(/\s+/);
    const name = word.toUpperCase();
    const text = more.join(' ');
    if (isGptBroadcast(name)) {
      const keys = GPT_BROADCASTS[name].all ? [] : ['address', 'size'];
      const message = byAddress(name, splitWords(text, keys, [], GPT_USAGE));
      return { value: perform(session, { kind: 'broadcast-tlbi-pa', message }, rest) };
    }
    if (!isBroadcast(name))
      throw new UserError(word === '' ? 'the invalidation is missing' : `there is no broadcast ${word}`, {
        todo: `write ${NAMES.join(', ')}`,
      });
    const message = messageOf(session, name, splitWords(text, KEYS, FLAGS, USAGE));
    debuggee.viewer.require(message.world);
    return { value: perform(session, { kind: 'broadcast-tlbi', message }, rest) };
  },
};

type Broadcast =
  | { readonly kind: 'broadcast-tlbi'; readonly message: BroadcastMessage }
  | { readonly kind: 'broadcast-tlbi-pa'; readonly message: GptBroadcast };

/** Does it, and says what went. Nothing may run meanwhile. */
function perform(session: Session, operation: Broadcast, rest: string): string {
  const { debuggee } = session;
  debuggee.requireStopped();
  const text = `broadcast TLBI ${rest.trim()}`;
  const { steps, outcome } = debuggee.debugger.perform('dma', operation, text);
  session.afterResponse(() => session.changed());
  const told = steps.filter(({ kind }) => kind === 'notify' || kind === 'finding' || kind === 'cache-remove');
  return [...told, ...steps.slice(-1)].map((step) => step.text).join('; ') || outcome.result;
}
