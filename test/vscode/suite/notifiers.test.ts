import * as assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import * as vscode from 'vscode';
import { openCause, originOf } from '../../../extension/notifier-jump.ts';
import { Sessions } from '../../../extension/sessions.ts';
import { HistoryTree } from '../../../extension/views/history.ts';
import { WorldChoice } from '../../../extension/world-choice.ts';
import type { CustomRequests, NotifierRow } from '../../../src/adapter/custom-requests.ts';
import { emptyMemento, folder, type Running, start, until } from './session.ts';

const INCLUDED = 'cmd s TLBI_NH_VA ASID=3 Address=0x1000 Leaf\n';
const SCRIPT = [
  'machine preset=architecture-secure',
  'notifiers policy=route',
  'device net sid=0x20 worlds=s',
  'map s sid=0x20 iova=0x1000 pa=0x90000000 size=4K',
  'cd s 0x20 ASID=3',
  'notifier net consumer=vhost',
  'include "tlbi.smmu"',
  'cmd s TLBI_NH_ASID ASID=3',
  'let here = 1',
  '',
].join('\n');

const file = (name: string): vscode.Uri => vscode.Uri.joinPath(folder().uri, name);
const write = (name: string, text: string) =>
  vscode.workspace.fs.writeFile(file(name), new TextEncoder().encode(text));
const tabs = (): string[] =>
  vscode.window.tabGroups.all.flatMap((group) => group.tabs.map(({ label }) => label));

describe('notifiers and Security states of a session', () => {
  let running: Running;
  let sessions: Sessions;
  let choice: WorldChoice;
  let factory: vscode.Disposable;
  before(async () => {
    await write('net.smmu', SCRIPT);
    await write('tlbi.smmu', INCLUDED);
    sessions = new Sessions();
    factory = vscode.debug.registerDebugAdapterTrackerFactory('smmuv3', sessions);
    choice = new WorldChoice(emptyMemento(), sessions);
    const program = file('net.smmu');
    const line = SCRIPT.trimEnd().split('\n').length - 1;
    const at = new vscode.SourceBreakpoint(new vscode.Location(program, new vscode.Position(line, 0)));
    vscode.debug.addBreakpoints([at]);
    running = await start({ type: 'smmuv3', request: 'launch', name: 'net', program: program.fsPath });
    await running.stopped();
    await running.session.customRequest('continue', { threadId: 1 });
    assert.equal((await running.stopped()).reason, 'breakpoint');
    vscode.debug.removeBreakpoints([at]);
    await until('the session in the views', () => sessions.current);
  });
  after(async () => {
    await running?.end();
    choice.dispose();
    sessions.dispose();
    factory.dispose();
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    for (const name of ['net.smmu', 'tlbi.smmu']) await vscode.workspace.fs.delete(file(name));
  });

  const rows = async (): Promise<readonly NotifierRow[]> => {
    const body: CustomRequests['smmu/notifiers']['body'] =
      await running.session.customRequest('smmu/notifiers');
    return body.rows;
  };
  const scopes = async (): Promise<string[]> => {
    const [frame] = await running.frames(1);
    const body: DebugProtocol.ScopesResponse['body'] = await running.session.customRequest('scopes', {
      frameId: frame?.id,
    });
    return body.scopes.map(({ name }) => name).filter((name) => /^(Registers|Queues)/.test(name));
  };

  it('lead from a row to the line of the included file, and from the line to the row', async () => {
    const [included, own] = await rows();
    assert.ok(included && own);
    await openCause(sessions, included);
    assert.equal(vscode.window.activeTextEditor?.document.uri.fsPath, file('tlbi.smmu').fsPath);
    assert.equal(vscode.window.activeTextEditor?.selection.active.line, 0);
    assert.deepEqual(await originOf(running.session, undefined), { line: 1, file: file('tlbi.smmu').fsPath });
    await openCause(sessions, own);
    assert.equal(vscode.window.activeTextEditor?.document.uri.fsPath, file('net.smmu').fsPath);
    assert.deepEqual(await originOf(running.session, undefined), { line: 8 });
  });

  it('are shown of one state in scopes, threads and the history, where one is chosen', async () => {
    const history = new HistoryTree(sessions, choice);
    const all = ['Registers', 'Registers (Secure)', 'Queues', 'Queues (Secure)'];
    assert.deepEqual(await scopes(), all);
    await choice.set('s');
    assert.deepEqual(await scopes(), ['Registers (Secure)', 'Queues (Secure)']);
    assert.deepEqual(
      (await running.threads()).map(({ name }) => name),
      ['Program', 'CMDQ s', 'DMA'],
    );
    assert.ok((await history.getChildren()).some((row) => row.kind === 'entry'));
    await choice.set('realm');
    assert.deepEqual(await scopes(), []);
    const words = (await history.getChildren()).map((row) =>
      row.kind === 'entry' ? row.entry.text : row.kind,
    );
    assert.ok(!words.some((text) => text.includes('cmd s')), words.join('\n'));
    await choice.set('all');
    assert.deepEqual(await scopes(), all);
    history.dispose();
  });

  it('are compared by policies in one tab, which each comparison fills anew', async () => {
    for (let time = 0; time < 2; time++) {
      await vscode.commands.executeCommand('smmu.comparePolicies');
      await until('the tab', () => tabs().includes('Notifier Policies: net'));
    }
    assert.equal(tabs().filter((label) => label.startsWith('Notifier Policies')).length, 1);
  });
});

describe('the setting smmu.viewerWorld', () => {
  const settings = () => vscode.workspace.getConfiguration('smmu');
  after(() => settings().update('viewerWorld', undefined, vscode.ConfigurationTarget.Workspace));

  const viewerOf = async (more: object): Promise<unknown> => {
    const program = path.join(folder().uri.fsPath, 'scripts/hello.smmu');
    assert.ok(readFileSync(program, 'utf8').length > 0);
    const running = await start({ type: 'smmuv3', request: 'launch', name: 'hello', program, ...more });
    await running.stopped();
    const viewer: unknown = running.session.configuration['viewerWorld'];
    await running.end();
    return viewer;
  };

  it('goes into each launch that does not say it by itself', async () => {
    assert.equal(await viewerOf({}), undefined);
    await settings().update('viewerWorld', 'ns', vscode.ConfigurationTarget.Workspace);
    assert.equal(await viewerOf({}), 'ns');
    assert.equal(await viewerOf({ viewerWorld: 's' }), 's');
    await settings().update('viewerWorld', 'none', vscode.ConfigurationTarget.Workspace);
    assert.equal(await viewerOf({}), undefined);
  });
});
