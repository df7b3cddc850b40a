/** The debug adapter inside the extension host: a bundle of its own, loaded when the setting asks for it. */

import type * as vscode from 'vscode';
import { Connection } from '../src/adapter/connection.ts';
import { nodeHost } from '../src/adapter/node-host.ts';

/** A fresh session for VS Code's inline adapters. */
export function createInlineAdapter(): vscode.DebugAdapter {
  return new Connection(nodeHost());
}
