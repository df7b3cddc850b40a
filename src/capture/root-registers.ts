import { UserError } from '../bits/user-error.ts';
import { offsetOf } from '../model/bank.ts';
import { REGISTERS } from '../spec/registers.ts';
import type { Words } from './register-words.ts';

/** Without these nobody knows where the granule protection table lies. */
const TABLE = ['ROOT_GPT_BASE', 'ROOT_GPT_BASE_CFG'] as const;
const HIGH = 4;

/**
 * Completes the registers of Root state, where the SMMU has one. A snapshot is seldom taken by somebody who may read
 * them: zeros would end every access (ROOT_CR0.ACCESSEN=0, 3.25.1), which no running machine does.
 * @throws UserError when granule protection is on and its table is not told
 */
export function completeRoot(words: Words): void {
  const { ROOT_IMPL } = REGISTERS.ROOT_IDR0.layout.fields;
  if (ROOT_IMPL.get(wordOf(words, offsetOf('ROOT_IDR0')), 0) === 0) return;
  const { ACCESSEN, GPCEN } = REGISTERS.ROOT_CR0.layout.fields;
  const control = offsetOf('ROOT_CR0');
  if (!words.has(control)) {
    const word = new Uint32Array(1);
    ACCESSEN.set(word, 0, 1);
    words.assume(control, word[0] as number);
    words.warn(
      `has no ROOT_CR0: ACCESSEN=1 and GPCEN=0 are assumed, so accesses pass and granule protection is off`,
    );
  }
  const acknowledge = offsetOf('ROOT_CR0ACK');
  if (!words.has(acknowledge)) words.assume(acknowledge, words.get(control) as number);
  if (GPCEN.get(wordOf(words, control), 0) === 0) return;
  const missing = TABLE.filter((name) => !words.has(offsetOf(name)));
  if (missing.length > 0) {
    throw new UserError(`ROOT_CR0.GPCEN=1, but there is no ${missing.join(', ')}`, {
      where: words.name,
      todo: 'add it, or leave ROOT_CR0 out to look at the rest without granule protection',
    });
  }
  const high = offsetOf('ROOT_GPT_BASE') + HIGH;
  if (words.has(high)) return;
  words.assume(high, 0);
  words.warn(`the high word of ROOT_GPT_BASE is missing and taken as 0`);
}

function wordOf(words: Words, offset: number): Uint32Array {
  return Uint32Array.of(words.get(offset) ?? 0);
}
