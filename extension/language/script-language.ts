/** All that the editor knows of scripts: a bundle of its own, loaded with the first script. */

import type * as vscode from 'vscode';
import { registerDiagnostics } from './diagnostics.ts';
import { registerProviders } from './providers.ts';
import { Scripts } from './scripts.ts';
import { registerValues } from './values.ts';

/** Registers the providers of the language. */
export function scriptProviders(): readonly vscode.Disposable[] {
  const scripts = new Scripts();
  return [registerDiagnostics(scripts), ...registerProviders(scripts), ...registerValues(scripts)];
}
