import { hex } from '../bits/u64.ts';
import { UserError } from '../bits/user-error.ts';
import { blockOf } from '../model/places.ts';

/** What a snapshot looks like, for messages. */
export const SNAPSHOT_FORM =
  'a snapshot is JSON like {"base": "0x9050000", "regs": {"0x80": "0x484c1000"}}, or lines like "09050080: 0x484c1000"';

/** Beyond every register page that an SMMU can have. */
const MAX_OFFSET = 16 * 2 ** 20;
const MAX_WARNINGS = 20;

/** A register snapshot while it is being read. */
export class Words {
  readonly name: string;
  readonly values = new Map<number, number>();
  readonly assumed = new Set<number>();
  readonly warnings: string[] = [];

  constructor(name: string) {
    this.name = name;
  }

  has(offset: number): boolean {
    return this.values.has(offset);
  }

  get(offset: number): number | undefined {
    return this.values.get(offset);
  }

  /**
   * Notes one word.
   * @param place line or field, for messages
   * @throws UserError when no register can lie there
   */
  put(offset: number, value: number, place: string): void {
    const where = `${this.name}, ${place}`;
    if (offset < 0 || (offset >= MAX_OFFSET && blockOf(offset) === null)) {
      throw new UserError(`offset ${hex(Math.abs(offset))} lies outside the register pages`, {
        where,
        todo: 'offsets count from the start of the SMMU, whose address is "base"',
      });
    }
    if (offset % 4 !== 0) {
      throw new UserError(`offset ${hex(offset)} is not a multiple of 4`, {
        where,
        todo: 'read the registers in words of 32 bits',
      });
    }
    const before = this.values.get(offset);
    if (before !== undefined && before !== value) {
      this.warn(
        `${place}: offset ${hex(offset)} is there twice, as ${hex(before)} and ${hex(value)}; the latter counts`,
      );
    }
    this.values.set(offset, value >>> 0);
  }

  /** A word is kept somewhere else from now on. */
  move(from: number, to: number): void {
    const value = this.values.get(from);
    if (value === undefined || this.values.has(to)) return;
    this.values.delete(from);
    this.values.set(to, value);
  }

  /** Notes a word that the snapshot does not have. */
  assume(offset: number, value: number): void {
    this.values.set(offset, value);
    this.assumed.add(offset);
  }

  warn(text: string): void {
    if (this.warnings.length < MAX_WARNINGS) this.warnings.push(`${this.name}: ${text}`);
  }
}
