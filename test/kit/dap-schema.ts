/**
 * Holds messages against the Debug Adapter Protocol as its type declarations have it (`@vscode/debugprotocol`, which
 * is generated from the protocol's schema): members that are missing, of a wrong type, or that the protocol does not
 * know.
 */

import { readFileSync } from 'node:fs';
import path from 'node:path';

const DECLARATIONS = path.resolve(
  import.meta.dirname,
  '../../node_modules/@vscode/debugprotocol/lib/debugProtocol.d.ts',
);

/** A type of the protocol. */
export type Shape =
  | { readonly kind: 'any' }
  | { readonly kind: 'named'; readonly name: string }
  | { readonly kind: 'literal'; readonly value: string }
  | { readonly kind: 'array'; readonly of: Shape }
  | { readonly kind: 'union'; readonly of: readonly Shape[] }
  | { readonly kind: 'map'; readonly of: Shape }
  | { readonly kind: 'object'; readonly members: ReadonlyMap<string, Member> };

export interface Member {
  readonly optional: boolean;
  readonly shape: Shape;
}

/** Reads the few forms of types that the declarations use. */
class Reader {
  readonly types = new Map<string, Shape>();
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(text: string) {
    const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/\/\/.*$/gm, '');
    this.#tokens = code.match(/'[^']*'|[A-Za-z_]\w*|[{}[\]();:|?,=]/g) ?? [];
    while (this.#at < this.#tokens.length) this.#declaration();
  }

  #declaration(): void {
    const word = this.#next();
    if (word === 'interface') this.#interface();
    else if (word === 'type') {
      const name = this.#next();
      this.#expect('=');
      this.types.set(name, this.#union());
    }
  }

  #interface(): void {
    const name = this.#next();
    const members = new Map<string, Member>();
    if (this.#take('extends')) {
      const base = this.types.get(this.#next());
      if (base?.kind === 'object') for (const [key, member] of base.members) members.set(key, member);
    }
    const own = this.#primary();
    if (own.kind === 'object') for (const [key, member] of own.members) members.set(key, member);
    this.types.set(name, { kind: 'object', members });
  }

  #union(): Shape {
    const of = [this.#postfix()];
    while (this.#take('|')) of.push(this.#postfix());
    return of.length === 1 ? (of[0] as Shape) : { kind: 'union', of };
  }

  #postfix(): Shape {
    let shape = this.#primary();
    while (this.#take('[')) {
      this.#expect(']');
      shape = { kind: 'array', of: shape };
    }
    return shape;
  }

  #primary(): Shape {
    if (this.#take('(')) {
      const shape = this.#union();
      this.#expect(')');
      return shape;
    }
    if (this.#take('{')) return this.#body();
    const word = this.#next();
    if (word.startsWith("'")) return { kind: 'literal', value: word.slice(1, -1) };
    return word === 'any' ? { kind: 'any' } : { kind: 'named', name: word };
  }

  #body(): Shape {
    const members = new Map<string, Member>();
    let map: Shape | null = null;
    while (!this.#take('}')) {
      if (this.#take('[')) {
        while (!this.#take(']')) this.#next();
        this.#expect(':');
        map = this.#union();
      } else {
        const name = this.#next();
        const optional = this.#take('?');
        this.#expect(':');
        members.set(name, { optional, shape: this.#union() });
      }
      this.#take(';');
    }
    return map === null ? { kind: 'object', members } : { kind: 'map', of: map };
  }

  #next(): string {
    return this.#tokens[this.#at++] ?? '';
  }

  #take(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false;
    this.#at++;
    return true;
  }

  #expect(token: string): void {
    const found = this.#next();
    if (found !== token) throw new Error(`${DECLARATIONS}: ${token} expected, not ${found}`);
  }
}

/** Types that an adapter may give further members, which columns show. */
const OPEN: ReadonlySet<string> = new Set(['Module']);

/** Requests that adapters send. */
const TO_CLIENTS: ReadonlySet<string> = new Set(['RunInTerminalRequest', 'StartDebuggingRequest']);

const { types } = new Reader(readFileSync(DECLARATIONS, 'utf8'));

/** What a name stands for: null for the primitive types of the language. */
export function typeNamed(name: string): Shape | null {
  return types.get(name) ?? null;
}

/** Every request that a client may send, by command, with the type of its arguments. */
export function requestTypes(): ReadonlyMap<string, Shape> {
  const found = new Map<string, Shape>();
  for (const [name, shape] of types) {
    if (!name.endsWith('Request') || shape.kind !== 'object' || TO_CLIENTS.has(name)) continue;
    const command = name.charAt(0).toLowerCase() + name.slice(1, -'Request'.length);
    if (command !== '') found.set(command, shape.members.get('arguments')?.shape ?? { kind: 'any' });
  }
  return found;
}

/** Members of a declared type, or an error when the protocol has no such type. */
export function membersOf(type: string): readonly string[] {
  const shape = types.get(type);
  if (shape?.kind !== 'object') throw new Error(`the protocol has no ${type}`);
  return [...shape.members.keys()];
}

/**
 * What is wrong with a message of an adapter.
 * @returns sentences; none when the message is as the protocol says
 */
export function faultsOf(message: object): readonly string[] {
  const type = typeOf(message as Record<string, unknown>);
  if (!types.has(type)) return [`the protocol has no ${type}`];
  return [...faults({ kind: 'named', name: type }, message, type)];
}

function typeOf(message: Record<string, unknown>): string {
  const name = String(message['event'] ?? message['command'] ?? '');
  if (message['type'] === 'event') return `${capital(name)}Event`;
  if (message['type'] !== 'response') return 'Request';
  if (message['success'] === false) return 'ErrorResponse';
  // Requests beyond the protocol carry whatever both sides agreed upon.
  return name.includes('/') ? 'Response' : `${capital(name)}Response`;
}

function capital(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

function* faults(shape: Shape, value: unknown, at: string): Generator<string> {
  switch (shape.kind) {
    case 'any':
      return;
    case 'literal':
      if (value !== shape.value) yield `${at}: ${shape.value} expected, not ${JSON.stringify(value)}`;
      return;
    case 'named':
      yield* namedFaults(shape.name, value, at);
      return;
    case 'array':
      if (!Array.isArray(value)) yield `${at}: no list`;
      else for (const [i, item] of value.entries()) yield* faults(shape.of, item, `${at}[${i}]`);
      return;
    case 'union':
      if (!shape.of.some((one) => faults(one, value, at).next().done === true)) {
        yield `${at}: ${JSON.stringify(value)} is none of what the protocol allows there`;
      }
      return;
    case 'map':
      if (!isObject(value)) yield `${at}: no object`;
      else for (const [key, item] of Object.entries(value)) yield* faults(shape.of, item, `${at}.${key}`);
      return;
    case 'object':
      if (!isObject(value)) yield `${at}: no object`;
      else yield* memberFaults(shape.members, value, at);
  }
}

function* namedFaults(name: string, value: unknown, at: string): Generator<string> {
  if (name === 'null') {
    if (value !== null) yield `${at}: null expected`;
    return;
  }
  const declared = types.get(name);
  if (declared?.kind === 'object' && isObject(value)) {
    yield* memberFaults(declared.members, value, at, OPEN.has(name));
  } else if (declared) yield* faults(declared, value, at);
  else if (typeof value !== name) yield `${at}: a ${name} expected, not ${JSON.stringify(value)}`;
}

function* memberFaults(
  members: ReadonlyMap<string, Member>,
  value: Record<string, unknown>,
  at: string,
  open = false,
): Generator<string> {
  for (const [name, { optional, shape }] of members) {
    const member = value[name];
    if (member !== undefined) yield* faults(shape, member, `${at}.${name}`);
    else if (!optional) yield `${at}.${name} is missing`;
  }
  for (const name of open ? [] : Object.keys(value)) {
    if (!members.has(name)) yield `${at}.${name} is nothing that the protocol has`;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
