// A debug adapter with more notifier events than any script makes: the real one behind it answers everything else.
import { spawn } from 'node:child_process';
import net from 'node:net';
import path from 'node:path';
import { root } from '../../../extension/setup.mjs';

const WORLDS = ['ns', 's', 'realm'];
const CONSUMERS = ['vfio', 'vhost', 'vhost-vdpa'];
const CAUSES = ['CMD_TLBI_NH_VA', 'CMD_TLBI_NH_ASID', 'CMD_TLBI_S12_VMALL', 'CMD_TLBI_NSNH_ALL'];
const REASONS = ['delivered', 'delivered', 'asid', 'policy', 'delivered', 'no-overlap', 'stage'];

/** One of very many decisions. */
function row(number) {
  const world = WORLDS[number % 3];
  const consumer = CONSUMERS[number % 3];
  const reason = REASONS[number % REASONS.length];
  const delivered = reason === 'delivered';
  const isWrong = delivered && number % 11 === 0;
  const iova = 0x1000 * (number % 4096) + 0x10000;
  const range = `0x${iova.toString(16)}-0x${(iova + 0xfff).toString(16)}`;
  return {
    number,
    history: number,
    cause: CAUSES[number % CAUSES.length],
    queue: world,
    actsOn: world,
    device: ['nic', 'gpu', 'disk0'][number % 3],
    sid: 8 * (1 + (number % 3)),
    deviceWorlds: [world],
    notifier: 0,
    consumer,
    iommuIndex: WORLDS.indexOf(world),
    delivered,
    reason,
    why: delivered ? `sent in the ${world} address space` : `the device uses another ${reason}`,
    range: delivered ? range : null,
    whole: delivered ? range : null,
    piece: number % 50 === 0 && delivered ? '2/3' : null,
    space: delivered ? world : null,
    obtained: isWrong ? ['ns', 's'] : [world],
    message: consumer === 'vfio' && world !== 'ns' ? 'Wrong target AS, only system memory is allowed' : null,
    removed: delivered && !isWrong ? 1 : 0,
    kept: isWrong ? 1 : 0,
    findings: isWrong ? ['the space of the UNMAP is not that of the mapping'] : [],
  };
}

/** Answers of requests that the real adapter is not asked. */
function answers(total) {
  const all = Array.from({ length: total }, (_, number) => row(number));
  const of = (world) => (world === undefined ? all : all.filter(({ actsOn }) => actsOn === world));
  return {
    'smmu/notifiers': ({ start = 0, count = 1000, at, world }) => {
      const rows = of(world);
      const asked = at ? at.map((place) => rows[place]) : rows.slice(start, start + count);
      return { rows: asked, total: rows.length, dropped: 0, policy: 'route', accepts: 'map' };
    },
    // As much of it as the tests ask for: what is in the wrong space, by time or by a column of plain texts.
    'smmu/notifierOrder': ({ world, decision, column }) => {
      const rows = of(world);
      const found = rows
        .map((one, at) => ({ at, one }))
        .filter(({ one }) => decision !== 'wrong-space' || one.obtained.length > 1);
      if (column !== 'time')
        found.sort(({ one: a }, { one: b }) => (a[column] < b[column] ? -1 : a[column] > b[column] ? 1 : 0));
      return { order: found.map(({ at }) => at), total: rows.length };
    },
  };
}

/** Cuts a stream of the protocol into its messages. */
function messages(take) {
  let held = Buffer.alloc(0);
  return (data) => {
    held = Buffer.concat([held, data]);
    for (;;) {
      const head = held.indexOf('\r\n\r\n');
      if (head < 0) return;
      const length = Number(/Content-Length: (\d+)/.exec(held.subarray(0, head).toString())?.[1]);
      if (held.length < head + 4 + length) return;
      take(held.subarray(0, head + 4 + length), JSON.parse(held.subarray(head + 4, head + 4 + length)));
      held = held.subarray(head + 4 + length);
    }
  };
}

/**
 * @param more further answers by request, beside those for notifier events
 * @returns the port for `debugServer` of a launch configuration, and how to end it
 */
export async function serveManyEvents(total, more = {}) {
  const own = { ...answers(total), ...more };
  const children = new Set();
  const server = net.createServer((socket) => {
    const adapter = spawn(process.execPath, [path.join(root, 'dist/adapter.js')], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    children.add(adapter);
    adapter.stdout.pipe(socket);
    socket.on('error', () => adapter.kill());
    socket.on('close', () => adapter.kill());
    socket.on(
      'data',
      messages((raw, { seq, command, arguments: args }) => {
        if (!own[command]) {
          adapter.stdin.write(raw);
          return;
        }
        const body = own[command](args ?? {});
        const text = JSON.stringify({
          type: 'response',
          seq: 1_000_000 + seq,
          request_seq: seq,
          success: true,
          command,
          body,
        });
        socket.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
      }),
    );
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: server.address().port,
    stop() {
      for (const child of children) child.kill();
      server.close();
    },
  };
}
