/** The names that a script has made so far, and what they stand for. */

import type { Scope, Value } from '../expression/value.ts';
import type { Statement, Word } from './statement.ts';

/** A name of a `let` or `device` statement. */
export interface ScriptName {
  readonly name: string;
  readonly kind: 'let' | 'device';
  /** Where it stands; the statement knows the file. */
  readonly word: Word;
  readonly statement: Statement;
  /** What a `let` comes to, where that can be told without running; null otherwise. */
  readonly value: Value | null;
}

/** Names by scope: those of a test are forgotten at its end. */
export class ScriptNames implements Scope {
  readonly #outer = new Map<string, ScriptName>();
  #inner: Map<string, ScriptName> | null = null;

  get insideTest(): boolean {
    return this.#inner !== null;
  }

  beginTest(): void {
    this.#inner = new Map();
  }

  endTest(): void {
    this.#inner = null;
  }

  get(name: string): ScriptName | undefined {
    return this.#inner?.get(name) ?? this.#outer.get(name);
  }

  add(entry: ScriptName): void {
    (this.#inner ?? this.#outer).set(entry.name, entry);
  }

  /** All that are visible. */
  list(): readonly ScriptName[] {
    return [...this.#outer.values(), ...(this.#inner?.values() ?? [])];
  }

  /** For expressions: constants only. */
  name(name: string): Value | undefined {
    return this.get(name)?.value ?? undefined;
  }
}
