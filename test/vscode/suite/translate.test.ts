import * as assert from 'node:assert/strict';
import type { DebugProtocol } from '@vscode/debugprotocol';
import * as vscode from 'vscode';
import { type Running, sample, start, until } from './session.ts';

describe('translating on linux-basic', () => {
  let running: Running;
  before(async () => {
    running = await start(sample('linux-basic'));
    await running.stopped();
  });
  after(() => running?.end());

  it('answers with the physical address that the kernel had mapped', async () => {
    const answer = await vscode.commands.executeCommand('smmu.translate', {
      sid: 8,
      iova: '0xffffb204',
      write: false,
    });
    assert.equal(answer, '0xffffb204 -> PA 0x480eb204 (ns), Normal iWB(RA,WA) oWB(RA,WA) ISH');
  });

  it('stops before a fault and says why', async () => {
    const answer = await vscode.commands.executeCommand<string>('smmu.translate', {
      sid: 8,
      iova: '0xffff6000',
      write: false,
    });
    assert.match(answer, /^stopped: F_TRANSLATION/);
    const stop = await running.stopped();
    assert.equal(stop.reason, 'exception');
    assert.match(stop.text ?? '', /F_TRANSLATION/);
    const info: DebugProtocol.ExceptionInfoResponse['body'] = await running.session.customRequest(
      'exceptionInfo',
      { threadId: stop.threadId },
    );
    assert.equal(info.exceptionId, 'F_TRANSLATION');
    assert.match(info.description ?? '', /level 3 descriptor 0x0 at 0x4847bfb0 is invalid: bit 0 is clear/);
  });

  it('leads from the descriptor back to the transaction in the call stack', async () => {
    const { threadId = 0 } = running.stops.at(-1)?.body ?? {};
    const names = (await running.frames(threadId)).map(({ name }) => name.replace(/ \(cached\)$/, ''));
    assert.equal(names[0], 'stage 1 level 3');
    assert.deepEqual(names.slice(-3), ['CD 0', 'STE 0x8', 'read sid=0x8 iova=0xffff6000']);
    await until('the frame of the fault to be the one that VS Code shows', () => {
      const item = vscode.debug.activeStackItem;
      return item instanceof vscode.DebugStackFrame && item.threadId === threadId;
    });
    const editor = await until('the descriptor in the editor', () =>
      vscode.window.visibleTextEditors.find(({ document }) => document.uri.path.includes('0x4847bfb0')),
    );
    assert.match(editor.document.lineAt(0).text, /at PA 0x4847bfb0 \(ns\), 8 bytes/);
    assert.match(editor.document.getText(), /^Valid \[0\] = 0/m);
  });

  it('has not written the record yet', async () => {
    const state = await running.session.customRequest('smmu/state', {});
    assert.equal(state.worlds[0].eventsPending, 0);
    const { threadId = 0 } = running.stops.at(-1)?.body ?? {};
    await running.session.customRequest('stepOut', { threadId });
    await running.stopped();
    const after = await running.session.customRequest('smmu/state', {});
    assert.equal(after.worlds[0].eventsPending, 1);
  });
});

describe('the adapter inside the extension host', () => {
  const setting = () => vscode.workspace.getConfiguration('smmu');
  before(() => setting().update('adapter', 'inline', vscode.ConfigurationTarget.Global));
  after(() => setting().update('adapter', undefined, vscode.ConfigurationTarget.Global));

  it('answers as the one of its own process does', async () => {
    const running = await start(sample('linux-basic'));
    try {
      assert.equal((await running.stopped()).reason, 'entry');
      assert.equal(
        await running.evaluate('translate sid=8 iova=0xffffb204'),
        '0xffffb204 -> PA 0x480eb204 (ns), Normal iWB(RA,WA) oWB(RA,WA) ISH',
      );
    } finally {
      await running.end();
    }
  });
});
