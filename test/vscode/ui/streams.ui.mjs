import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { openWorkbench } from './kit.mjs';

const TREE = '.sidebar .tree-explorer-viewlet-tree-view';
const THEMES = [
  ['dark', 'Default Dark Modern'],
  ['light', 'Default Light Modern'],
  ['contrast', 'Default High Contrast'],
];

/** Opens the context menu of a tree row and clicks an entry. */
async function menu(vs, row, entry) {
  await vs.page.locator(`${TREE} .monaco-list-row`, { hasText: row }).first().click({ button: 'right' });
  await vs.page.locator('.monaco-menu .action-label', { hasText: entry }).first().click();
}

/** Uses another colour theme, as a change of the user's settings. */
async function theme(vs, name) {
  const file = path.join(vs.home.userData, 'User/settings.json');
  writeFileSync(
    file,
    JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), 'workbench.colorTheme': name }),
  );
  await vs.page.waitForTimeout(2500);
}

describe('the Streams view', () => {
  let vs;
  before(async () => {
    vs = await openWorkbench();
  });
  after(() => vs?.stop());

  it('says what it is for and offers a dump and the samples while no session runs', async () => {
    await vs.activity('SMMU');
    const welcome = await vs.text('.sidebar .welcome-view-content');
    assert.match(welcome, /The stream table of an SMMU, down to the pages, appears here/);
    const buttons = await vs.page.locator('.sidebar .welcome-view-content .monaco-button').allInnerTexts();
    assert.deepEqual(buttons, ['Open Memory Dump…', 'Open Sample Workspace']);
    await vs.shot('streams-welcome');
  });

  it('shows the stream table of the session down to a page', async () => {
    await vs.palette('Debug: Select and Start Debugging');
    await vs.pick('linux-basic: look around and translate');
    await vs.page.locator('.debug-toolbar').waitFor();
    await vs.activity('SMMU');
    await vs.rowsWith(TREE, '00:01.0');
    console.log(await vs.rows(TREE));
    await vs.shot('streams-1');
  });

  it('translates an address of the stream that was clicked', async () => {
    await menu(vs, '00:01.0', 'Translate Address in This Stream…');
    await vs.input('0xffffb204');
    await vs.pick('Read');
    await vs.page.locator('.notification-list-item-message', { hasText: '0x480eb204' }).waitFor();
    await vs.shot('streams-translated');
  });

  for (const [short, name] of THEMES)
    it(`looks well in the theme ${name}`, async () => {
      await theme(vs, name);
      await vs.shot(`streams-${short}`);
    });
});
