import type { World } from '../../bits/world.ts';
import { type Counts, countAll } from '../../inspect/counts.ts';
import { countText } from '../../inspect/text.ts';
import { type TreeNode, treeChildren } from '../../inspect/tree.ts';
import type { Smmu } from '../../model/smmu.ts';
import { CAPTURE_OPTIONS, type Given, parse, requireWorld, sidOption, worldOption } from '../args.ts';
import { type Io, LineWriter, OK } from '../io.ts';
import { openGiven } from '../session.ts';

const OPTIONS = {
  ...CAPTURE_OPTIONS,
  world: { type: 'string' },
  sid: { type: 'string' },
  pages: { type: 'boolean' },
} as const;

/** `smmu-debug tree`: the stream table down to the translation tables, or to the pages, and the counts. */
export async function tree(args: readonly string[], io: Io): Promise<number> {
  const given = parse('tree', args, OPTIONS);
  const world = worldOption(given.text('world'), '--world');
  const sid = sidOption(given);
  const machine = await openGiven('tree', given, io);
  try {
    requireWorld(machine.smmu, world);
    const walk = new Walk(machine.smmu, given, sid);
    if (given.flag('json')) walk.json(world, io);
    else walk.text(world, io);
    return OK;
  } finally {
    machine.close();
  }
}

interface JsonNode extends TreeNode {
  readonly children?: readonly JsonNode[];
}

class Walk {
  readonly #smmu: Smmu;
  readonly #pages: boolean;
  readonly #sid: number | undefined;

  constructor(smmu: Smmu, given: Given, sid: number | undefined) {
    this.#smmu = smmu;
    this.#pages = given.flag('pages');
    this.#sid = sid;
  }

  #roots(world: World): TreeNode[] {
    return treeChildren(this.#smmu, null).filter((node) => node.id === world);
  }

  #children(node: TreeNode): TreeNode[] {
    if (node.collapsible === 'none' || (node.kind === 'ttb' && !this.#pages)) return [];
    // Alike entries and pages say no more one by one.
    if (node.kind === 'page' || (node.kind === 'range' && isUniform(node))) return [];
    const children = treeChildren(this.#smmu, node.id);
    const sid = this.#sid;
    if (sid === undefined || node.kind === 'ste' || node.sid !== undefined) return children;
    return children.filter((child) => mayHold(child, sid));
  }

  json(world: World, io: Io): void {
    const nodes = this.#roots(world).map((node) => this.#nested(node));
    // Root has no stream table to count.
    if (world === 'root') {
      io.out(`${JSON.stringify({ world, nodes }, null, 1)}\n`);
      return;
    }
    const { counts, remarks } = countAll(this.#smmu, world);
    io.out(`${JSON.stringify({ world, nodes, remarks, counts }, null, 1)}\n`);
  }

  #nested(node: TreeNode): JsonNode {
    const children = this.#children(node).map((child) => this.#nested(child));
    return children.length === 0 ? node : { ...node, children };
  }

  text(world: World, io: Io): void {
    const out = new LineWriter(io);
    const print = (node: TreeNode, depth: number): void => {
      out.line(`${'  '.repeat(depth)}${node.label}  ${node.description}`.trimEnd());
      for (const child of this.#children(node)) print(child, depth + 1);
    };
    for (const node of this.#roots(world)) print(node, 0);
    if (world === 'root') {
      out.flush();
      return;
    }
    const { counts, remarks } = countAll(this.#smmu, world);
    out.line();
    out.line(countsText(counts));
    for (const remark of remarks) out.line(`note: ${remark}`);
    out.flush();
  }
}

/** A stretch of equal elements, as opposed to a group of different ones. */
function isUniform(node: TreeNode): boolean {
  return node.icon !== 'list-tree';
}

const SIDS = /^(?:.*\/)?(l1|l1s|sids)\.\d+/;

/** Whether the node can lead to the StreamID: its label says which it stands for. */
function mayHold(node: TreeNode, sid: number): boolean {
  if (node.kind === 'ste') return node.sid === sid;
  if (!SIDS.test(node.id)) return node.kind === 'note';
  const [first, last] = [...node.label.matchAll(/0x([0-9a-f]+)/g)].map((m) =>
    Number.parseInt(m[1] as string, 16),
  );
  return first !== undefined && last !== undefined && sid >= first && sid <= last;
}

function countsText(counts: Counts): string {
  const kinds = Object.entries(counts)
    .filter(([key]) => key.startsWith('ste_'))
    .map(([key, n]) => `${countText(n)} ${key.slice(4)}`);
  const stes = `${countText(counts.steInMemory)} STEs, ${countText(counts.steValid)} valid`;
  return `${stes}${kinds.length > 0 ? ` (${kinds.join(', ')})` : ''}; ${countText(counts.cds)} CDs; ${countText(counts.domainsDistinct)} sets of tables; ${countText(counts.leafPTEs)} pages and blocks`;
}
