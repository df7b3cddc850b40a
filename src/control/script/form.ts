/** What the table of forms says of a statement. */

/** What kind of thing a word or a value is. */
export type Takes =
  /** A number; what it may be is an expression without blanks outside of parentheses. */
  | 'expression'
  /** A security state, which is also the name of its address space. */
  | 'world'
  /** Several security states: `ns,s`. */
  | 'worlds'
  /** Several flags of notifiers: `UNMAP,MAP`. */
  | 'notifier-flags'
  /** A security state that has queues. */
  | 'queue-world'
  /** A name of a `device` statement. */
  | 'device'
  /** A name that the statement makes. */
  | 'new-name'
  /** `ns.CR0` or `ns.CR0.SMMUEN`. */
  | 'register'
  /** Text in quotes, with `{expression}` inside. */
  | 'template'
  | 'text'
  /** Path of a file, in quotes, relative to the script. */
  | 'path'
  | 'mnemonic'
  | 'event'
  | 'broadcast'
  | 'gerror'
  | 'cerror'
  | 'preset'
  /** Some of the letters r, w, x. */
  | 'permissions'
  /** A word that only its statement understands. */
  | 'word'
  | readonly string[];

/** A bare word with a place of its own. */
export interface WordParam {
  readonly name: string;
  readonly takes: Takes;
  readonly optional?: true;
  readonly doc: string;
}

/** `name=value`. Not required unless it says so. */
export interface ArgumentParam {
  readonly name: string;
  readonly takes: Takes;
  readonly required?: true;
  readonly doc: string;
}

/** A bare word that is there or not. */
export interface FlagParam {
  readonly name: string;
  readonly doc: string;
  /** Flags of the same set exclude each other. */
  readonly set?: string;
}

/** Whose fields may be named as arguments beside the declared ones. One-bit fields of a command may stand bare. */
export type FieldsOf = 'STE' | 'CD' | 'L1STD' | 'L1CD' | 'command' | 'event' | 'features';

/** One statement. */
export interface Form {
  readonly keyword: string;
  /** The word after the keyword by which this form is chosen: `expect event`. */
  readonly subject?: string;
  readonly usage: string;
  /** What it does, in sentences. */
  readonly doc: string;
  readonly words: readonly WordParam[];
  readonly flags: readonly FlagParam[];
  readonly arguments: readonly ArgumentParam[];
  readonly fields?: FieldsOf;
  /** An expression after `=`, or all that follows the keyword. */
  readonly rest?: 'after-equals' | 'all';
  /** Does something to the SMMU or its memory, or reads the machine: `machine` and `load` must stand before it. */
  readonly acts: boolean;
  /** A statement that is right by itself, given a device `nvme0` and a name `base`. */
  readonly example: string;
}
