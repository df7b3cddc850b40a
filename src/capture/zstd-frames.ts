const FRAME_MAGIC = 0xfd2f_b528;
const SKIPPABLE_MAGIC = 0x184d_2a50;
/** What node:zlib allows as well; a lying header must not make a decoder take gigabytes. */
const MAX_WINDOW = 2 ** 27;

/** Bytes of one frame, or the end of it. */
export type FramePart = Uint8Array | 'end';

type State = 'magic' | 'skippable' | 'skip' | 'header' | 'block' | 'content' | 'checksum';

/**
 * Finds where the frames of a Zstandard stream begin and end (RFC 8878 3.1). Decoders want them one by one: the one
 * of node:zlib stops at the end of the first and drops the others without a word.
 */
export class FrameSplitter {
  #state: State = 'magic';
  /** The header that is being read, and how many bytes it needs. */
  readonly #header = new Uint8Array(18);
  #have = 0;
  #need = 5;
  /** Bytes to pass over in states `skip`, `content`, `checksum`. */
  #rest = 0;
  #last = false;
  #checksum = false;

  /** Whether the stream may end here. */
  get complete(): boolean {
    return this.#state === 'magic' && this.#have === 0;
  }

  /**
   * @returns the parts of frames in `piece`, in order; skippable frames are left out
   * @throws Error when it is no Zstandard stream
   */
  split(piece: Uint8Array): FramePart[] {
    const parts: FramePart[] = [];
    let from = 0;
    for (let at = 0; at < piece.length; ) {
      const before = this.#inFrame();
      if (this.#rest > 0) {
        const n = Math.min(this.#rest, piece.length - at);
        this.#rest -= n;
        at += n;
        if (this.#rest > 0) break;
      } else {
        this.#header[this.#have++] = piece[at++] as number;
        if (this.#have < this.#need) continue;
      }
      this.#advance();
      if (!before && this.#inFrame()) {
        // These bytes waited until it was clear what they are; some may have come with an earlier piece.
        parts.push(this.#header.slice(0, this.#have));
        from = at;
      } else if (before && !this.#inFrame()) parts.push(piece.subarray(from, at), 'end');
    }
    if (this.#inFrame() && from < piece.length) parts.push(piece.subarray(from));
    return parts;
  }

  #inFrame(): boolean {
    return this.#state !== 'magic' && this.#state !== 'skippable' && this.#state !== 'skip';
  }

  /** A header is complete, or the bytes to pass over are through. */
  #advance(): void {
    switch (this.#state) {
      case 'magic':
        this.#magic();
        break;
      case 'skippable':
        this.#pass('skip', little(this.#header, 4, 4));
        break;
      case 'header':
        this.#frameHeader();
        break;
      case 'block':
        this.#block();
        break;
      case 'content':
        this.#afterBlock();
        break;
      case 'skip':
      case 'checksum':
        this.#collect('magic', 5);
        break;
    }
  }

  #magic(): void {
    const magic = little(this.#header, 0, 4);
    if (magic - (magic % 16) === SKIPPABLE_MAGIC) {
      this.#state = 'skippable';
      this.#need = 8;
      return;
    }
    if (magic !== FRAME_MAGIC) throw new Error('no frame where one should begin');
    const descriptor = this.#header[4] as number;
    this.#checksum = (descriptor & 4) !== 0;
    const single = (descriptor & 0x20) !== 0;
    this.#state = 'header';
    this.#need = 5 + (single ? 0 : 1) + dictionaryBytes(descriptor) + sizeBytes(descriptor);
  }

  #frameHeader(): void {
    const descriptor = this.#header[4] as number;
    const window = this.#header[5] as number;
    const size =
      (descriptor & 0x20) !== 0
        ? little(this.#header, 5 + dictionaryBytes(descriptor), sizeBytes(descriptor))
        : 2 ** (10 + (window >>> 3)) * (1 + (window & 7) / 8);
    if (size > MAX_WINDOW) throw new Error('its window is larger than 128 MiB');
    this.#collect('block', 3);
  }

  #block(): void {
    const header = little(this.#header, 0, 3);
    const type = (header >>> 1) & 3;
    this.#last = (header & 1) !== 0;
    if (type === 3) throw new Error('a block of an unknown type');
    this.#pass('content', type === 1 ? 1 : header >>> 3);
  }

  #afterBlock(): void {
    if (!this.#last) this.#collect('block', 3);
    else if (this.#checksum) this.#pass('checksum', 4);
    else this.#collect('magic', 5);
  }

  #collect(state: State, need: number): void {
    this.#state = state;
    this.#have = 0;
    this.#need = need;
  }

  #pass(state: State, bytes: number): void {
    this.#state = state;
    this.#have = 0;
    this.#rest = bytes;
    if (bytes === 0) this.#advance();
  }
}

function dictionaryBytes(descriptor: number): number {
  return [0, 1, 2, 4][descriptor & 3] as number;
}

function sizeBytes(descriptor: number): number {
  return [(descriptor & 0x20) !== 0 ? 1 : 0, 2, 4, 8][descriptor >>> 6] as number;
}

function little(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let i = count - 1; i >= 0; i--) value = value * 256 + (bytes[at + i] as number);
  return value;
}
