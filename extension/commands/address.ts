import * as vscode from 'vscode';

/** Copies the physical address of a tree node. */
export async function copyAddress(node: unknown): Promise<void> {
  const pa = addressOf(node);
  if (pa === null) {
    void vscode.window.showInformationMessage('Choose a row of the Streams view that has an address.');
    return;
  }
  await vscode.env.clipboard.writeText(pa);
  vscode.window.setStatusBarMessage(`Copied ${pa}`, 3000);
}

function addressOf(node: unknown): string | null {
  if (typeof node !== 'object' || node === null || !('address' in node)) return null;
  const { address } = node;
  if (typeof address !== 'object' || address === null || !('pa' in address)) return null;
  return typeof address.pa === 'string' ? address.pa : null;
}
