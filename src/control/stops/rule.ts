/** What a breakpoint asks beside its place: a condition, a count, a message instead of a stop. */

import { UserError } from '../../bits/user-error.ts';
import { type Expression, parseExpression } from '../expression/parse.ts';
import { parseTemplate, type Template } from '../expression/template.ts';
import { ExpressionError } from '../expression/value.ts';
import { type HitTest, parseHitCondition } from './hit-condition.ts';
import { isKnownName, knownNames } from './known-names.ts';
import { suggestion } from './names.ts';
import type { OperationScope } from './scope.ts';
import type { Wishes } from './stop.ts';

/** The wishes of a breakpoint, read. */
export interface Rule {
  readonly condition: Expression | null;
  readonly hits: HitTest | null;
  readonly message: Template | null;
}

/**
 * Reads the wishes of a breakpoint.
 * @param open names that nobody knows yet may come from a program's variables
 * @returns the rule, or what is wrong
 */
export function parseRule({ condition, hitCondition, logMessage }: Wishes, open: boolean): Rule | string {
  try {
    const hits = given(hitCondition) ? parseHitCondition(hitCondition) : null;
    if (typeof hits === 'string') return hits;
    const expression = given(condition) ? parseExpression(condition) : null;
    const unknown = open ? undefined : expression?.names.find((name) => !isKnownName(name));
    if (unknown !== undefined) {
      return `condition: ${unknown} is not known${suggestion(unknown, knownNames())}`;
    }
    return { condition: expression, hits, message: given(logMessage) ? parseTemplate(logMessage) : null };
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}

function given(text: string | undefined): text is string {
  return text !== undefined && text.trim() !== '';
}

/** What a condition comes to; a text says why it cannot be told. */
export function holds(condition: Expression, scope: OperationScope): boolean | string {
  try {
    return condition.truth(scope);
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    // What this operation does not have is no mistake: the condition is about other operations.
    return scope.absent === null ? `${condition.text}: ${error.message}` : false;
  }
}
