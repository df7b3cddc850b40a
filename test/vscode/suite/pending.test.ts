import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { type Running, sample, start, until } from './session.ts';

const QUEUE = 'smmu:/linux-pending-small.elf.gz/ns/cmdq.smmuq';

/** CMDQ_CONS.RD as the debug console tells it. */
async function cons(running: Running): Promise<number> {
  const text = await running.evaluate('reg CMDQ_CONS');
  const value = /0x[0-9a-f]+/i.exec(text)?.[0];
  assert.ok(value, text);
  return Number(value) & 0xf_ffff;
}

describe('a session on linux-pending', () => {
  let running: Running;
  let thread = 0;
  before(async () => {
    running = await start(sample('linux-pending', { enableQueue: true }));
  });
  after(() => running?.end());

  it('stops on entry, with a thread for the command queue and one for DMA', async () => {
    const stop = await running.stopped();
    assert.equal(stop.reason, 'entry');
    thread = stop.threadId ?? 0;
    assert.deepEqual(
      (await running.threads()).map(({ name }) => name),
      ['CMDQ ns', 'DMA'],
    );
  });

  it('shows the queue with the first pending command in the editor', async () => {
    const editor = await until('the queue in the editor', () =>
      vscode.window.visibleTextEditors.find(
        ({ document }) => document.uri.toString() === QUEUE && document.getText().includes('16 pending'),
      ),
    );
    assert.equal(editor.document.languageId, 'smmuq');
    const [frame] = await running.frames(thread);
    assert.equal(frame?.name, 'TLBI_NH_VA ASID=1 Address=0xffda1000 Leaf TG=4KB TTL=3');
    assert.equal(frame.source?.path, QUEUE);
    const line = editor.document.lineAt((frame.line ?? 0) - 1).text;
    assert.match(line, /^0x23a9 +0x5b723a90 +pending +TLBI_NH_VA ASID=1 Address=0xffda1000 Leaf/);
    assert.match(editor.document.lineAt(1).text, /PROD 0x23b9 wrap 0, CONS 0x23a9 wrap 0: 16 pending/);
  });

  it('steps over one command: CONS moves by one, and the document says so', async () => {
    assert.equal(await cons(running), 0x23a9);
    await vscode.commands.executeCommand('workbench.action.debug.stepOver');
    assert.equal((await running.stopped()).reason, 'step');
    assert.equal(await cons(running), 0x23aa);
    const document = await vscode.workspace.openTextDocument(vscode.Uri.parse(QUEUE));
    await until('the new text of the queue', () => /CONS 0x23aa wrap 0: 15 pending/.test(document.getText()));
    const [frame] = await running.frames(thread);
    assert.match(frame?.name ?? '', /^SYNC\b/);
  });

  it('steps into the command: its small steps change nothing yet, and what they will do is pending', async () => {
    for (let i = 0; i < 2; i++) {
      await vscode.commands.executeCommand('workbench.action.debug.stepInto');
      assert.equal((await running.stopped()).reason, 'step');
    }
    assert.equal(await cons(running), 0x23aa);
    const step = await running.variables(thread, 'Current step');
    assert.match(step.find(({ name }) => name === 'position')?.value ?? '', /^3 of \d+$/);
    const pending = await running.variables(thread, 'Pending');
    assert.ok(
      pending.some(({ value }) => /CMDQ_CONS moves past the command: 0x23aa -> 0x23ab/.test(value)),
      pending.map(({ value }) => value).join('\n'),
    );
  });

  it('steps out to the next command and back again, exactly', async () => {
    await vscode.commands.executeCommand('workbench.action.debug.stepOut');
    await running.stopped();
    assert.equal(await cons(running), 0x23ab);
    await vscode.commands.executeCommand('workbench.action.debug.stepBack');
    await running.stopped();
    assert.equal(await cons(running), 0x23aa);
  });

  it('runs until nothing is pending and stays', async () => {
    await vscode.commands.executeCommand('workbench.action.debug.continue');
    const stop = await running.stopped();
    assert.equal(stop.reason, 'pause');
    assert.equal(stop.text, 'nothing pending');
    assert.equal(await cons(running), 0x23b9);
    assert.equal(vscode.debug.activeDebugSession?.id, running.session.id);
  });
});

describe('a session on linux-pending without enableQueue', () => {
  let running: Running;
  before(async () => {
    running = await start(sample('linux-pending'));
  });
  after(() => running?.end());

  it('says that the queue is disabled, and the command of the view enables it', async () => {
    const { threadId = 0 } = await running.stopped();
    await running.session.customRequest('next', { threadId });
    assert.match((await running.stopped()).text ?? '', /command queue disabled \(CR0\.CMDQEN=0\)/);
    await vscode.commands.executeCommand('smmu.enableQueue');
    await until('an enabled queue', () => running.stops.length > 2 || undefined).catch(() => undefined);
    const state = await running.session.customRequest('smmu/state', {});
    assert.equal(state.worlds[0].cmdqEnabled, true);
    assert.equal(state.worlds[0].commandsPending, 16);
  });
});
