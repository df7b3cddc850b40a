/**
 * What statements there are: each is declared once, and the parser, the checks, completions, hovers, signatures and the
 * formatter derive what they know from here.
 */

import type { Form } from './form.ts';
import { EXPECT_FORMS } from './forms-expect.ts';
import { EXPECT_NOTIFIER_FORMS } from './forms-expect-notifiers.ts';
import { GRANULE_FORMS } from './forms-granule.ts';
import { MACHINE_FORMS } from './forms-machine.ts';
import { NOTIFIER_FORMS } from './forms-notifiers.ts';
import { TRAFFIC_FORMS } from './forms-traffic.ts';

/** Every form, in the order in which they are offered. */
export const FORMS: readonly Form[] = [
  ...MACHINE_FORMS,
  ...TRAFFIC_FORMS,
  ...GRANULE_FORMS,
  ...NOTIFIER_FORMS,
  ...EXPECT_FORMS,
  ...EXPECT_NOTIFIER_FORMS,
];

const BY_KEYWORD = new Map<string, readonly Form[]>();
for (const form of FORMS) BY_KEYWORD.set(form.keyword, [...(BY_KEYWORD.get(form.keyword) ?? []), form]);

/** The keywords, each once. */
export const KEYWORDS: readonly string[] = [...BY_KEYWORD.keys()];

/** The forms of a keyword: several for `expect`, none for what is no keyword. */
export function formsOf(keyword: string): readonly Form[] {
  return BY_KEYWORD.get(keyword) ?? [];
}

/**
 * The form that a statement has, by its keyword and the word after it.
 * @param next the text of the first word or argument name after the keyword, or null
 * @returns undefined when the keyword is unknown
 */
export function formOf(keyword: string, next: string | null): Form | undefined {
  const forms = formsOf(keyword);
  return (
    forms.find(({ subject }) => subject !== undefined && subject === next) ??
    forms.find(({ subject }) => subject === undefined)
  );
}
