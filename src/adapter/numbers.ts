const FIRST = 1000;

/** Gives things numbers by which a client refers to them until everything is forgotten. No number is ever used twice. */
export class Numbers<T> {
  readonly #things = new Map<number, T>();
  #next = FIRST;

  add(thing: T): number {
    this.#things.set(this.#next, thing);
    return this.#next++;
  }

  get(number: number): T | undefined {
    return this.#things.get(number);
  }

  forget(): void {
    this.#things.clear();
  }
}
