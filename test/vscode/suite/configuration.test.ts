import * as assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import { folder, sample, start, startBy } from './session.ts';

describe('a configuration', () => {
  it('needs no more than a capture with its registers beside it, relative to the workspace', async () => {
    const running = await start({
      type: 'smmuv3',
      request: 'launch',
      name: 'short',
      capture: 'linux-basic/small.elf.gz',
    });
    try {
      const { configuration } = running.session;
      const root = folder().uri.fsPath;
      assert.equal(configuration['capture'], path.join(root, 'linux-basic/small.elf.gz'));
      assert.equal(configuration['registers'], path.join(root, 'linux-basic/regs.json'));
      assert.equal(configuration['stopOnEntry'], true);
      assert.equal((await running.stopped()).reason, 'entry');
    } finally {
      await running.end();
    }
  });

  it('with an empty capture asks for one, as without', async () => {
    let started: boolean | null = null;
    void vscode.debug.startDebugging(folder(), sample('empty', { capture: '' })).then((answer) => {
      started = answer;
    });
    while (started === null) {
      await vscode.commands.executeCommand('workbench.action.closeQuickOpen');
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    assert.equal(started, false, 'leaving the question starts nothing');
  });

  it('of the samples starts under each of its names', async () => {
    const { configurations } = vscode.workspace.getConfiguration('launch', folder().uri) as unknown as {
      configurations: vscode.DebugConfiguration[];
    };
    assert.deepEqual(
      configurations.map(({ name }) => name.split(':')[0]),
      [
        ...['linux-pending', 'linux-basic', 'linux-faults'],
        ...['Script', 'Script', 'Script', 'Bug 1', 'Bug 3', 'Bug 14', 'Trace'],
      ],
    );
    for (const configuration of configurations) {
      const running = await start(configuration);
      assert.equal((await running.stopped()).reason, 'entry', configuration.name);
      await running.end();
    }
  });
});

describe('Open Memory Dump…', () => {
  it('starts a session on a file whose registers lie beside it', async () => {
    const dir = path.join(folder().uri.fsPath, 'field');
    mkdirSync(dir);
    copyFileSync(path.join(folder().uri.fsPath, 'linux-basic/small.elf.gz'), path.join(dir, 'box7.elf.gz'));
    copyFileSync(path.join(folder().uri.fsPath, 'linux-basic/regs.json'), path.join(dir, 'box7.regs.json'));
    const running = await startBy(() =>
      vscode.commands.executeCommand('smmu.openDump', path.join(dir, 'box7.elf.gz')),
    );
    try {
      assert.equal((await running.stopped()).reason, 'entry');
      assert.equal(running.session.configuration['registers'], path.join(dir, 'box7.regs.json'));
      const { nodes } = await running.session.customRequest('smmu/tree', { id: null });
      assert.match(nodes[0].description, /65,536 StreamIDs/);
    } finally {
      await running.end();
      rmSync(dir, { recursive: true, force: true });
    }
  });
});

describe('a configuration of a program', () => {
  it('gets absolute paths, and the workspace folder that its files may not leave', async () => {
    const running = await start({
      type: 'smmuv3',
      request: 'launch',
      name: 'script',
      program: 'scripts/hello.smmu',
    });
    try {
      const root = folder().uri.fsPath;
      assert.equal(running.session.configuration['program'], path.join(root, 'scripts/hello.smmu'));
      assert.equal(running.session.configuration['workspace'], root);
      assert.equal((await running.stopped()).reason, 'entry');
    } finally {
      await running.end();
    }
  });
});

describe('the manifest in VS Code', () => {
  const manifest = () => vscode.extensions.getExtension('smmu-debug.smmu-debug')?.packageJSON;

  it('declares what an untrusted workspace may do', () => {
    assert.equal(manifest().capabilities.untrustedWorkspaces.supported, 'limited');
  });

  it('offers snippets whose attributes all exist in the schema', () => {
    const [type] = manifest().contributes.debuggers;
    const known = new Set([
      'type',
      'request',
      'name',
      ...Object.keys(type.configurationAttributes.launch.properties),
    ]);
    const bodies = type.configurationSnippets.map((snippet: { body: object }) => snippet.body);
    for (const body of [...bodies, ...type.initialConfigurations])
      for (const attribute of Object.keys(body)) assert.ok(known.has(attribute), attribute);
    assert.ok(bodies.length >= 3);
  });
});

describe('the events of linux-faults', () => {
  it('stand decoded in the document of the event queue', async () => {
    const running = await start(sample('linux-faults'));
    try {
      await running.stopped();
      const uri = vscode.Uri.parse('smmu:/linux-faults-small.elf.gz/ns/eventq.smmuq');
      const document = await vscode.workspace.openTextDocument(uri);
      assert.equal(document.languageId, 'smmuq');
      const text = document.getText();
      assert.match(text, /256 pending/);
      assert.equal(text.match(/ pending +[CF]_/g)?.length, 256);
      assert.match(text, /F_PERMISSION StreamID=0x38 iova=0x10100010 write/);
    } finally {
      await running.end();
    }
  });

  it('leave a sentence instead of a text when no session knows the capture', async () => {
    const uri = vscode.Uri.parse('smmu:/never-opened.elf/ns/cmdq.smmuq');
    const document = await vscode.workspace.openTextDocument(uri);
    assert.match(document.getText(), /^No running SMMU session knows/);
  });
});
