import * as vscode from 'vscode';
import { SETTINGS } from '../manifest.ts';

/**
 * Decides where the adapter runs: in a process of its own (the default: a large dump cannot slow the editor down), or
 * inside the extension host, which is easier to debug.
 */
export class AdapterFactory implements vscode.DebugAdapterDescriptorFactory {
  readonly #program: string;
  readonly #inline: () => Promise<vscode.DebugAdapter>;

  constructor(program: string, inline: () => Promise<vscode.DebugAdapter>) {
    this.#program = program;
    this.#inline = inline;
  }

  async createDebugAdapterDescriptor(session: vscode.DebugSession): Promise<vscode.DebugAdapterDescriptor> {
    const folder = session.workspaceFolder?.uri;
    const where = vscode.workspace.getConfiguration(undefined, folder ?? null).get<string>(SETTINGS.adapter);
    if (where === 'inline') return new vscode.DebugAdapterInlineImplementation(await this.#inline());
    // The extension host's own executable is a Node that certainly exists; one on PATH may be missing or too old.
    return new vscode.DebugAdapterExecutable(process.execPath, [this.#program], {
      env: { ELECTRON_RUN_AS_NODE: '1' },
    });
  }
}
