/** Questions for what a session cannot do without: the capture, its register snapshot, a raw image's base address. */

import { readdir } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { parseNumber } from '../../src/bits/u64.ts';
import { registersBeside } from './registers-file.ts';

const CAPTURE_FILTERS = {
  'Memory images': ['elf', 'gz', 'zst', 'core', 'vmcore', 'dump', 'img', 'bin', 'raw'],
  'All files': ['*'],
};
const CAPTURE_GLOB = '**/{*.elf,*.elf.gz,*.elf.zst,*.core,*.core.gz,*.core.zst,vmcore,*.vmcore}';
const MOST_OFFERED = 100;

/** Asks for a capture by a file dialog. */
export async function browseForCapture(): Promise<string | undefined> {
  const chosen = await vscode.window.showOpenDialog({
    title: 'Open Memory Dump',
    openLabel: 'Open Memory Dump',
    canSelectMany: false,
    filters: CAPTURE_FILTERS,
  });
  return chosen?.[0]?.fsPath;
}

/** Offers the captures of the workspace, or a file dialog when it has none. */
export async function pickCapture(): Promise<string | undefined> {
  const found = await vscode.workspace.findFiles(CAPTURE_GLOB, '**/node_modules/**', MOST_OFFERED);
  if (found.length === 0) return browseForCapture();
  const items = found.map((uri) => ({
    label: `$(file-binary) ${vscode.workspace.asRelativePath(uri)}`,
    file: uri.fsPath,
  }));
  items.sort((a, b) => a.label.localeCompare(b.label));
  const choice = await vscode.window.showQuickPick(
    [...items, { label: '$(folder-opened) Browse…', file: '' }],
    {
      title: 'Debug an SMMUv3: which memory dump?',
      placeHolder: 'A memory dump of this workspace, or browse for another',
    },
  );
  if (!choice) return undefined;
  return choice.file || browseForCapture();
}

/** The register snapshot beside the capture, or null. */
export async function findRegisters(capture: string): Promise<string | null> {
  const folder = path.dirname(capture);
  try {
    const name = registersBeside(path.basename(capture), await readdir(folder));
    return name === null ? null : path.join(folder, name);
  } catch {
    // A folder that cannot be listed has nothing to offer; the adapter says what is wrong with the capture itself.
    return null;
  }
}

/** Asks for the register snapshot, saying what it is. */
export async function askForRegisters(capture: string): Promise<string | undefined> {
  const choose = 'Choose File…';
  const answer = await vscode.window.showInformationMessage(
    `Which SMMU registers belong to ${path.basename(capture)}?`,
    {
      modal: true,
      detail:
        'A memory dump does not hold the registers, and they say where the stream table and the queues lie. ' +
        'Choose a register snapshot: JSON ({"base": …, "regs": {"0x80": "0x…", …}}) or the text that QEMU’s monitor ' +
        'prints for “xp /1wx ADDRESS”. A file named regs.json or regs.txt beside the dump is found without asking.',
    },
    choose,
  );
  if (answer !== choose) return undefined;
  const chosen = await vscode.window.showOpenDialog({
    title: `Registers of ${path.basename(capture)}`,
    openLabel: 'Use These Registers',
    canSelectMany: false,
    defaultUri: vscode.Uri.file(path.dirname(capture)),
    filters: { 'Register snapshots': ['json', 'txt', 'log'], 'All files': ['*'] },
  });
  return chosen?.[0]?.fsPath;
}

/** Asks where a raw image lies in physical memory. */
export async function askForBase(capture: string): Promise<string | undefined> {
  const answer = await vscode.window.showInputBox({
    title: `Base Address of ${path.basename(capture)}`,
    prompt: 'This file has no addresses of its own. At which physical address does its first byte lie?',
    value: '0x40000000',
    ignoreFocusOut: true,
    validateInput: (text) =>
      parseNumber(text) === null ? 'A physical address such as 0x40000000 or 2G is needed.' : undefined,
  });
  return answer?.trim();
}
