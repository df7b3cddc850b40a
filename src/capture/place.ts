import { existsSync } from 'node:fs';
import path from 'node:path';
import { hex, parseNumber } from '../bits/u64.ts';
import { UserError } from '../bits/user-error.ts';
import { isWorld, WORLDS, type World } from '../bits/world.ts';
import { PA_LIMIT } from '../model/memory.ts';
import { shown } from './format.ts';

/** A file of a capture as launch.json has it. */
export interface CaptureFile {
  readonly file: string;
  /** PA of the first byte, for a raw image: a number, or text such as "0x40000000" or "1G". */
  readonly base?: number | string | undefined;
  /** The physical address space that the file holds. Default: ns. */
  readonly space?: string | undefined;
}

/**
 * What `capture` may be: a path, FILE@BASE for a raw image, FILE@SPACE or FILE@SPACE:BASE for another address space, an
 * object, or a list of these.
 */
export type CaptureSpec = string | CaptureFile | readonly (string | CaptureFile)[];

/** One file of a capture, checked. */
export interface Place {
  readonly file: string;
  readonly base: number | null;
  readonly space: World;
}

const MAX_FILES = 256;
/** `FILE@0x40000000`, `FILE@realm`, `FILE@s:0x40000000`. */
const AT_PLACE = /^(.+)@(?:(ns|s|realm|root)(?::(?=[0-9])|$))?(0x[0-9a-f_]+|[0-9][0-9_]*[kmg]?)?$/i;

/**
 * Checks what the user gave as capture.
 * @param directory where relative paths start
 * @throws UserError naming the entry that makes no sense
 */
export function parseCaptureSpec(spec: unknown, directory = process.cwd()): Place[] {
  const list: readonly unknown[] = Array.isArray(spec) ? spec : [spec];
  if (list.length === 0)
    throw new UserError('the list is empty', { where: 'capture', todo: 'name a file in it' });
  if (list.length > MAX_FILES) {
    throw new UserError(`the list has ${list.length} files, more than ${MAX_FILES}`, { where: 'capture' });
  }
  return list.map((entry, i) => place(entry, Array.isArray(spec) ? `capture[${i}]` : 'capture', directory));
}

function place(entry: unknown, where: string, directory: string): Place {
  if (typeof entry === 'string') {
    const named = fromText(entry, where, directory);
    return { ...named, space: named.space ?? 'ns' };
  }
  if (typeof entry !== 'object' || entry === null) {
    throw new UserError('is neither a path nor an object', {
      where,
      todo: 'write "FILE" or {"file": "FILE"}',
    });
  }
  const { file, base, space } = entry as { file?: unknown; base?: unknown; space?: unknown };
  if (typeof file !== 'string' || file === '') {
    throw new UserError('has no "file"', { where, todo: 'write {"file": "FILE"}' });
  }
  if (space !== undefined && (typeof space !== 'string' || !isWorld(space))) {
    throw new UserError(`space ${shown(space)} is no address space`, {
      where,
      todo: `write ${WORLDS.join(', ')}`,
    });
  }
  const named = fromText(file, where, directory);
  return {
    file: named.file,
    base: base === undefined ? named.base : address(base, `${where}.base`),
    space: space ?? named.space ?? 'ns',
  };
}

/** @returns no space where the text names none */
function fromText(
  text: string,
  where: string,
  directory: string,
): Omit<Place, 'space'> & { readonly space: World | null } {
  if (text === '') throw new UserError('is empty', { where, todo: 'name a file' });
  if (text.includes('\0'))
    throw new UserError('has a NUL character in the path', { where, todo: 'check the path' });
  const [, file, named, base] = AT_PLACE.exec(text) ?? [];
  refuseSpace(text, where, directory);
  if (file === undefined || (named ?? base) === undefined || existsSync(path.resolve(directory, text)))
    return { file: text, base: null, space: null };
  const space = named?.toLowerCase() ?? '';
  return {
    file,
    base: base === undefined ? null : address(base, where),
    space: isWorld(space) ? space : null,
  };
}

/** `FILE@nobody:0x1000` means an address space, unless there is a file of that whole name. */
function refuseSpace(text: string, where: string, directory: string): void {
  const [, file = '', space = ''] = /^(.+)@(\w+)(?::[0-9]\w*)?$/.exec(text) ?? [];
  if (!/^[a-z]/i.test(space) || isWorld(space.toLowerCase())) return;
  const exists = (name: string): boolean => existsSync(path.resolve(directory, name));
  if (exists(text) || !exists(file)) return;
  throw new UserError(`${shown(space)} is no address space`, { where, todo: `write ${WORLDS.join(', ')}` });
}

function address(value: unknown, where: string): number {
  const n = typeof value === 'string' ? parseNumber(value) : value;
  if (typeof n !== 'number' || !Number.isInteger(n) || n < 0) {
    throw new UserError(`${shown(value)} is no physical address`, {
      where,
      todo: 'write it as "0x40000000"',
    });
  }
  if (n >= PA_LIMIT) {
    throw new UserError(`${hex(n)} is beyond the 52 bits of a physical address`, {
      where,
      todo: 'check the address',
    });
  }
  return n;
}
