/** Finding the register snapshot that belongs to a capture by the names of the files beside it. */

const ENDINGS = /\.(gz|zst|elf|core|img|bin|raw|dump|vmcore)$/i;
const COMMON = ['regs.json', 'registers.json', 'regs.txt', 'registers.txt', 'smmu.json', 'smmu.txt'];

/** `small.elf.gz` -> `small`: a name without the endings that captures and compression give it. */
export function stem(name: string): string {
  let short = name;
  while (ENDINGS.test(short)) short = short.replace(ENDINGS, '');
  return short;
}

/**
 * The best register snapshot among the files of the capture's folder, or null. A snapshot named after the capture
 * comes before one with a common name; JSON comes before monitor text.
 */
export function registersBeside(capture: string, names: readonly string[]): string | null {
  const short = stem(capture);
  const own = [short, capture].flatMap((base) =>
    ['regs.json', 'registers.json', 'regs.txt', 'registers.txt'].flatMap((tail) => [
      `${base}.${tail}`,
      `${base}-${tail}`,
    ]),
  );
  return [...own, ...COMMON].find((name) => names.includes(name)) ?? null;
}
