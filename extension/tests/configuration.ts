import * as vscode from 'vscode';
import { DEBUG_TYPE } from '../manifest.ts';

/** The configuration that runs a script, or one of its tests. */
export function scriptConfiguration(file: string, only?: string): vscode.DebugConfiguration {
  return {
    type: DEBUG_TYPE,
    request: 'launch',
    name: only === undefined ? `SMMU: ${vscode.workspace.asRelativePath(file)}` : `SMMU: ${only}`,
    program: file,
    ...(only === undefined ? {} : { only }),
    stopOnEntry: false,
  };
}
