/** Values by name, as statements bring them. */

interface Version<Value> {
  readonly since: number;
  readonly value: Value;
}

/**
 * Values by name. It never changes: putting one more there gives another, which shares all that was there before, so
 * that a state for each of very many statements costs no more than what the statement brings.
 */
export class Named<Value> {
  readonly #versions: Map<string, Version<Value>[]>;
  /** How many were put there, names that were put again counted again. */
  readonly #count: number;
  /** Of all that share the versions: how many were put there. */
  readonly #newest: { count: number };

  private constructor(versions: Map<string, Version<Value>[]>, count: number, newest: { count: number }) {
    this.#versions = versions;
    this.#count = count;
    this.#newest = newest;
  }

  static none<Value>(): Named<Value> {
    return new Named<Value>(new Map(), 0, { count: 0 });
  }

  get(name: string): Value | undefined {
    return this.#versions.get(name)?.findLast(({ since }) => since < this.#count)?.value;
  }

  /** The same with one more, or with another value of a name. */
  with(name: string, value: Value): Named<Value> {
    // What was put there after this one belongs to others.
    const { versions, newest } =
      this.#newest.count === this.#count ? { versions: this.#versions, newest: this.#newest } : this.#copy();
    const known = versions.get(name);
    const version = { since: this.#count, value };
    if (known === undefined) versions.set(name, [version]);
    else known.push(version);
    newest.count++;
    return new Named(versions, newest.count, newest);
  }

  #copy() {
    const versions = new Map<string, Version<Value>[]>();
    for (const [name, all] of this.#versions) {
      const last = all.findLast(({ since }) => since < this.#count);
      if (last !== undefined) versions.set(name, [last]);
    }
    return { versions, newest: { count: this.#count } };
  }
}
