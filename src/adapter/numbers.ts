const FIRST = 1000;

/** Gives things numbers by which a client refers to them until everything is forgotten. No number is ever used twice. */
export class Numbers<T> {
  readonly #things = new Map<number, T>();
  readonly #byKey = new Map<string, number>();
  #next = FIRST;

  add(thing: T): number {
    this.#things.set(this.#next, thing);
    return this.#next++;
  }

  /** The number of what was added under the key before, or a new one: who asks twice gets the same answer. */
  keyed(key: string, thing: T): number {
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const number = this.add(thing);
    this.#byKey.set(key, number);
    return number;
  }

  get(number: number): T | undefined {
    return this.#things.get(number);
  }

  forget(): void {
    this.#things.clear();
    this.#byKey.clear();
  }
}
