/** What is being debugged, as modules: the SMMU, and the images that its memory comes from. */

import { hex } from '../../bits/u64.ts';
import { isWorld, type World } from '../../bits/world.ts';
import { countOf } from '../args.ts';
import type { Debuggee } from '../debuggee.ts';
import type { Handlers } from '../handler.ts';

interface Module {
  readonly id: string;
  readonly name: string;
  readonly path?: string;
  readonly version?: string;
  readonly addressRange?: string;
  readonly symbolStatus: string;
  /** Additional columns. */
  readonly space: string;
  readonly format: string;
}

/** An image has no symbols: what its bytes mean stands in the architecture. */
const NO_SYMBOLS = 'not applicable';

export const MODULES: Handlers = {
  modules(session, args) {
    const all = session.launched ? modulesOf(session.debuggee) : [];
    const start = countOf(args['startModule'], 0);
    const count = countOf(args['moduleCount'], 0) || all.length;
    return { modules: all.slice(start, start + count), totalModules: all.length };
  },
};

function modulesOf(debuggee: Debuggee): Module[] {
  const { inputs, machine, smmu } = debuggee;
  const { capture, program } = inputs;
  const images = (Array.isArray(capture) ? capture : [capture]).flatMap((one: unknown) => imageOf(one));
  const only = images.length === 1;
  return [
    {
      id: 'smmu',
      name: `SMMU of ${debuggee.name}`,
      version: `SMMUv3.${smmu.bank.field('AIDR', 'ArchMinorRev')}`,
      symbolStatus: NO_SYMBOLS,
      space: 'registers',
      format: machine.description,
    },
    ...images.map(({ file, base, space }, i) => {
      const range = base === null && !only ? null : rangeOf(debuggee, space, base);
      return {
        id: `image-${i}`,
        name: baseName(file),
        path: file,
        ...(range === null ? {} : { addressRange: range }),
        symbolStatus: NO_SYMBOLS,
        space,
        format: base === null ? machine.description : `raw, at ${hex(base)}`,
      };
    }),
    ...(program === null
      ? []
      : [
          {
            id: 'program',
            name: baseName(program),
            path: program,
            symbolStatus: NO_SYMBOLS,
            space: 'ns',
            format: program.endsWith('.smmu') ? 'script' : 'trace log',
          },
        ]),
  ];
}

interface Image {
  readonly file: string;
  readonly base: number | null;
  readonly space: World;
}

/** A capture as launch.json names it: a path, or an object. */
function imageOf(one: unknown): Image[] {
  if (typeof one === 'string') return [{ file: one, base: null, space: 'ns' }];
  if (typeof one !== 'object' || one === null) return [];
  const { file, base, space } = one as Record<string, unknown>;
  if (typeof file !== 'string') return [];
  const address = typeof base === 'string' || typeof base === 'number' ? Number(base) : Number.NaN;
  return [
    {
      file,
      base: Number.isSafeInteger(address) ? address : null,
      space: typeof space === 'string' && isWorld(space) ? space : 'ns',
    },
  ];
}

/** From the lowest to the highest address of the space, beginning at the image's own base where it has one. */
function rangeOf({ smmu }: Debuggee, space: World, base: number | null): string | null {
  const ranges = smmu.memory(space).source.ranges.filter((range) => base === null || range.base === base);
  if (ranges.length === 0) return null;
  const first = Math.min(...ranges.map((range) => range.base));
  const end = Math.max(...ranges.map((range) => range.base + range.size));
  return `${hex(first)}-${hex(end - 1)}`;
}

function baseName(file: string): string {
  return file.split(/[/\\]/).pop() || file;
}
