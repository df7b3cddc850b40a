import path from 'node:path';
import * as vscode from 'vscode';
import { browseForCapture } from '../launch/ask.ts';
import { DEBUG_TYPE } from '../manifest.ts';

/**
 * Opens a memory dump in a new session that stops at once, without a launch.json. The configuration provider finds
 * or asks for the registers and, for a raw image, the base address.
 * @param file a path or URI, when the caller knows it already; otherwise the user is asked
 */
export async function openDump(file: unknown): Promise<boolean> {
  const capture = await captureOf(file);
  if (capture === undefined) return false;
  return vscode.debug.startDebugging(undefined, {
    type: DEBUG_TYPE,
    request: 'launch',
    name: path.join(path.basename(path.dirname(capture)), path.basename(capture)),
    capture,
    stopOnEntry: true,
  });
}

function captureOf(file: unknown): string | undefined | Promise<string | undefined> {
  if (typeof file === 'string') return file;
  if (file instanceof vscode.Uri) return file.fsPath;
  return browseForCapture();
}
