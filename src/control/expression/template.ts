import { type Expression, parseExpression } from './parse.ts';
import { ExpressionError, type Scope, valueText } from './value.ts';

/** A text with expressions in braces: `{sid}: {iova} -> {pa}`. `\{` is a brace. */
export interface Template {
  readonly text: string;
  /** An expression that cannot be evaluated shows as what is wrong with it: a log line is never lost. */
  fill(scope: Scope): string;
}

/**
 * Parses the message of a logpoint.
 * @throws ExpressionError with the place of the mistake
 */
export function parseTemplate(text: string): Template {
  const parts: (string | Expression)[] = [];
  let plain = '';
  for (let at = 0; at < text.length; at++) {
    const char = text[at] as string;
    if (char === '\\' && (text[at + 1] === '{' || text[at + 1] === '}')) {
      plain += text[++at] as string;
    } else if (char === '{') {
      const end = text.indexOf('}', at);
      if (end < 0) throw new ExpressionError('a { has no }', at, 'write \\{ for a brace');
      parts.push(plain, parseExpression(text.slice(at + 1, end)));
      plain = '';
      at = end;
    } else plain += char;
  }
  parts.push(plain);
  return { text, fill: (scope) => parts.map((part) => filled(part, scope)).join('') };
}

function filled(part: string | Expression, scope: Scope): string {
  if (typeof part === 'string') return part;
  try {
    return valueText(part.evaluate(scope));
  } catch (error) {
    if (error instanceof ExpressionError) return `{${part.text}: ${error.message}}`;
    throw error;
  }
}
