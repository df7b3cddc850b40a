import type { World } from '../../bits/world.ts';
import {
  entryRows,
  entryWords,
  type QueueEntry,
  type QueueName,
  queueDocument,
  queueEntries,
  queueSummary,
  queuesOf,
  queueWindow,
  type WindowOptions,
} from '../../inspect/queues.ts';
import { DATA } from '../../model/memory.ts';
import type { Smmu } from '../../model/smmu.ts';
import {
  CAPTURE_OPTIONS,
  type Given,
  numberOption,
  parse,
  requireWorld,
  streamWorldOption,
} from '../args.ts';
import { type Io, OK, printJson } from '../io.ts';
import { openGiven } from '../session.ts';

const OPTIONS = {
  ...CAPTURE_OPTIONS,
  world: { type: 'string' },
  consumed: { type: 'string' },
  pending: { type: 'string' },
} as const;

/** Entries of the largest queue that the architecture allows. */
const LARGEST = 2 ** 19;

/** `smmu-debug queues`: command, event and PRI queue. */
export function queues(args: readonly string[], io: Io): Promise<number> {
  return show('queues', args, io, (smmu, world) =>
    // A queue that software never set up says nothing.
    queuesOf(world).filter((name) => name !== 'PRIQ' || smmu.state(world).features.pri),
  );
}

/** `smmu-debug events`: the event queue alone, with every field in JSON. */
export function events(args: readonly string[], io: Io): Promise<number> {
  return show('events', args, io, () => ['EVENTQ']);
}

async function show(
  command: string,
  args: readonly string[],
  io: Io,
  names: (smmu: Smmu, world: World) => readonly QueueName[],
): Promise<number> {
  const given = parse(command, args, OPTIONS);
  const world = streamWorldOption(given);
  const options = windowOf(given);
  const machine = await openGiven(command, given, io);
  try {
    const { smmu } = machine;
    requireWorld(smmu, world);
    const list = names(smmu, world);
    if (given.flag('json')) {
      const all = list.map((name) => queueJson(smmu, name, world, options, command === 'events'));
      printJson(io, command === 'events' ? all[0] : { world, queues: all });
    } else {
      const texts = list.map(
        (name) => queueDocument(smmu, name, world, queueWindow(smmu, name, world, options)).text,
      );
      io.out(texts.join('\n'));
    }
    return OK;
  } finally {
    machine.close();
  }
}

function windowOf(given: Given): WindowOptions {
  const consumed = numberOption(given, 'consumed', LARGEST);
  return { consumed: consumed ?? 16, pending: numberOption(given, 'pending', LARGEST) ?? LARGEST };
}

function queueJson(
  smmu: Smmu,
  name: QueueName,
  world: World,
  options: WindowOptions,
  withFields: boolean,
): object {
  const entries = queueEntries(smmu, name, world, queueWindow(smmu, name, world, options));
  return {
    ...queueSummary(smmu, name, world),
    shown: entries.map((entry) =>
      withFields ? { ...entry, fields: fieldsOf(smmu, name, world, entry) } : entry,
    ),
  };
}

function fieldsOf(smmu: Smmu, name: QueueName, world: World, entry: QueueEntry): Record<string, string> {
  const { words, status } = entryWords(smmu, name, world, entry.index);
  if (status !== DATA) return {};
  return Object.fromEntries(entryRows(name, words, world).map((row) => [row.name, row.value]));
}
