/**
 * A process of its own: opens the capture and the registers that the command line names, lists the stream table and
 * the first stream's tables, and prints what that cost.
 */
import { openMachine } from '../../src/capture/machine.ts';
import { treeChildren } from '../../src/inspect/tree.ts';

const [, , capture = '', registers = ''] = process.argv;
const cpu = process.cpuUsage();
const wall = performance.now();
const rss = process.memoryUsage().rss;
const machine = await openMachine({ capture, registers });
const roots = treeChildren(machine.smmu, null);
const rows = treeChildren(machine.smmu, roots[0]?.id ?? null);
const { user, system } = process.cpuUsage(cpu);
const opened = { cpuMs: (user + system) / 1000, wallMs: performance.now() - wall, rows: rows.length };
let nodes = 0;
/** Opens the tree down to `depth`: memory grows where tables are read. */
function open(id: string, depth: number): void {
  for (const child of treeChildren(machine.smmu, id)) {
    nodes++;
    if (depth > 0 && child.collapsible !== 'none') open(child.id, depth - 1);
  }
}
for (const { id } of rows) open(id, 4);
const grown = process.memoryUsage().rss - rss;
machine.close();
process.stdout.write(JSON.stringify({ ...opened, nodes, grown }));
