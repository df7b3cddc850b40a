import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';

describe('the extension in VS Code', () => {
  it('is known under its id, with the version of the manifest', () => {
    const extension = vscode.extensions.getExtension('smmu-debug.smmu-debug');
    assert.ok(extension, 'smmu-debug.smmu-debug is not installed');
    assert.match(extension.packageJSON.version, /^\d+\.\d+\.\d+$/);
  });

  it('brings the licences of the packages in its bundles', async () => {
    const extension = vscode.extensions.getExtension('smmu-debug.smmu-debug');
    assert.ok(extension);
    const file = vscode.Uri.joinPath(extension.extensionUri, 'dist/NOTICES.txt');
    const text = Buffer.from(await vscode.workspace.fs.readFile(file)).toString();
    assert.match(text, /^@vscode\/debugadapter \d/m);
    assert.match(text, /Permission is hereby granted/);
  });

  it('activates without an error', async () => {
    const extension = vscode.extensions.getExtension('smmu-debug.smmu-debug');
    await extension?.activate();
    assert.equal(extension?.isActive, true);
  });
});
