import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';

describe('the extension in VS Code', () => {
  it('is known under its id, with the version of the manifest', () => {
    const extension = vscode.extensions.getExtension('smmu-debug.smmu-debug');
    assert.ok(extension, 'smmu-debug.smmu-debug is not installed');
    assert.match(extension.packageJSON.version, /^\d+\.\d+\.\d+$/);
  });

  it('activates without an error', async () => {
    const extension = vscode.extensions.getExtension('smmu-debug.smmu-debug');
    await extension?.activate();
    assert.equal(extension?.isActive, true);
  });
});
