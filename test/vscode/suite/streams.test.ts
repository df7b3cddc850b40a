import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { Sessions } from '../../../extension/sessions.ts';
import { StreamsTree } from '../../../extension/views/streams.ts';
import { WorldChoice } from '../../../extension/world-choice.ts';
import type { TreeNode } from '../../../src/adapter/custom-requests.ts';
import { emptyMemento, type Running, sample, start, until } from './session.ts';

/** A row as VS Code shows it. */
function row(tree: StreamsTree, node: TreeNode): string {
  const { label, description } = tree.getTreeItem(node);
  return [label, description].filter((part) => part).join(' | ');
}

describe('the Streams view on linux-basic', () => {
  let running: Running;
  let sessions: Sessions;
  let choice: WorldChoice;
  let tree: StreamsTree;
  let factory: vscode.Disposable;
  before(async () => {
    // A second instance beside the one of the extension: what it shows can be read here.
    sessions = new Sessions();
    factory = vscode.debug.registerDebugAdapterTrackerFactory('smmuv3', sessions);
    choice = new WorldChoice(emptyMemento(), sessions);
    tree = new StreamsTree(sessions, choice);
    running = await start(sample('linux-basic'));
    await running.stopped();
    await until('the session in the view', () => sessions.current);
  });
  after(async () => {
    await running?.end();
    tree.dispose();
    choice.dispose();
    sessions.dispose();
    factory.dispose();
  });

  /** Opens the rows whose text contains each of the names in turn, and returns the last level. */
  async function open(...names: string[]): Promise<TreeNode[]> {
    let nodes = await tree.getChildren();
    for (const name of names) {
      const node = nodes.find((candidate) => row(tree, candidate).includes(name));
      assert.ok(node, `no row with ${name} among\n${nodes.map((n) => row(tree, n)).join('\n')}`);
      nodes = await tree.getChildren(node);
    }
    return nodes;
  }

  it('begins with the stream table, its shape and where it lies', async () => {
    assert.deepEqual(
      (await open()).map((node) => row(tree, node)),
      ['Stream table (Non-secure) | two levels (SPLIT 8), 65,536 StreamIDs, at 0x484c1000'],
    );
  });

  it('opens a table of 65,536 entries as six rows', async () => {
    const rows = (await open('Stream table')).map((node) => row(tree, node));
    assert.equal(rows.length, 6);
    assert.equal(rows[0], 'StreamIDs 0x0–0xff | bus 00: 9 stage 1, 247 abort');
    assert.match(rows[5] ?? '', /^StreamIDs 0x500–0xffff \| no STEs \(Span=0\)/);
  });

  it('names a stream also by bus, device and function', async () => {
    const rows = (await open('Stream table', '0x0–0xff')).map((node) => row(tree, node));
    assert.ok(rows.includes('StreamID 0x8 (00:01.0) | stage 1, CD at 0x48119000'), rows.join('\n'));
    assert.ok(rows.includes('StreamIDs 0x0–0x7 | 8 STEs that abort silently'), rows.join('\n'));
  });

  it('leads through the CD and the tables to the pages', async () => {
    const path = ['Stream table', '0x0–0xff', '00:01.0', 'CD', 'TTB0'];
    let nodes = await open(...path);
    for (let level = 1; level <= 3; level++) {
      const table = nodes.findLast((node) => node.kind === 'table');
      assert.ok(table, `no table among\n${nodes.map((n) => row(tree, n)).join('\n')}`);
      nodes = await tree.getChildren(table);
    }
    const page = nodes.find((node) => node.iova === '0xffffb000');
    assert.ok(page, nodes.map((n) => row(tree, n)).join('\n'));
    assert.match(row(tree, page), /^0xffffb000.*0x480eb000 rw/);
    assert.equal(page.sid, 8);
  });

  it('has tooltips with bits and meaning that the capture cannot fill with links or markup', async () => {
    const [stream] = (await open('Stream table', '0x0–0xff')).filter((node) => node.sid === 8);
    assert.ok(stream);
    const { tooltip } = tree.resolveTreeItem(tree.getTreeItem(stream), stream);
    assert.ok(tooltip instanceof vscode.MarkdownString);
    assert.equal(tooltip.isTrusted, false);
    assert.equal(tooltip.supportHtml, false);
    assert.match(tooltip.value, /S1ContextPtr \| \\\[55:6\\\] \| 0x48119000/);
  });

  it('keeps ids and says to screen readers what it shows', async () => {
    const [first] = await open('Stream table');
    const [again] = await open('Stream table');
    assert.ok(first && again);
    assert.equal(tree.getTreeItem(first).id, tree.getTreeItem(again).id);
    assert.equal(
      tree.getTreeItem(first).accessibilityInformation?.label,
      'StreamIDs 0x0–0xff, bus 00: 9 stage 1, 247 abort',
    );
  });

  it('offers to translate only where a stream is, and to copy only where an address is', async () => {
    const streams = await open('Stream table', '0x0–0xff');
    const stream = streams.find((node) => node.sid === 8);
    assert.ok(stream);
    assert.match(tree.getTreeItem(stream).contextValue ?? '', /\bstream\b.*\baddress\b/);
    await vscode.commands.executeCommand('smmu.copyAddress', stream);
    assert.equal(await vscode.env.clipboard.readText(), '0x5b660200');
    const [table] = await open();
    assert.doesNotMatch(tree.getTreeItem(table as TreeNode).contextValue ?? '', /;stream;/);
  });

  it('shows the chosen Security state alone, and says when there is none', async () => {
    await choice.set('ns');
    assert.deepEqual((await open()).length, 1);
    await choice.set('root');
    assert.deepEqual(
      (await open()).map((node) => row(tree, node)),
      ['This SMMU has no Root state'],
    );
    await choice.set('all');
    assert.deepEqual((await open()).length, 1);
  });

  it('is empty when the session is over', async () => {
    await running.end();
    await until('an empty view', () => !sessions.current);
    assert.deepEqual(await tree.getChildren(), []);
  });
});
