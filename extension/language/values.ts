import * as vscode from 'vscode';
import { SCRIPT_LANGUAGE } from '../manifest.ts';
import { rangeOf, type Scripts } from './scripts.ts';
import { evaluatableAt, inlineValues } from './service/values.ts';

/** Registers what the debugger is asked to evaluate: under the mouse, and beside the lines. */
export function registerValues(scripts: Scripts): readonly vscode.Disposable[] {
  return [
    vscode.languages.registerEvaluatableExpressionProvider(SCRIPT_LANGUAGE, {
      provideEvaluatableExpression(document, position) {
        const found = evaluatableAt(scripts.of(document), position.line + 1, position.character + 1);
        return found && new vscode.EvaluatableExpression(rangeOf(found), found.expression);
      },
    }),
    vscode.languages.registerInlineValuesProvider(SCRIPT_LANGUAGE, {
      provideInlineValues(document, viewPort, { stoppedLocation }) {
        const found = inlineValues(
          scripts.of(document),
          viewPort.start.line + 1,
          viewPort.end.line + 1,
          stoppedLocation.start.line + 1,
        );
        return found.map((one) => new vscode.InlineValueEvaluatableExpression(rangeOf(one), one.expression));
      },
    }),
  ];
}
