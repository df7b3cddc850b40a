import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { openWorkbench } from './kit.mjs';
import { answer, startSample } from './samples.mjs';

const STREAMS = '.sidebar .pane:has(.pane-header[aria-label^="Streams"])';
const TREE = `${STREAMS} .monaco-list`;
const WELCOME = `${STREAMS} .welcome-view-content`;
const THEMES = [
  ['light', 'Light Modern', 'vs'],
  ['contrast', 'Dark High Contrast', 'hc-black'],
  ['dark', 'Dark Modern', 'vs-dark'],
];

/** Opens the context menu of a tree row and clicks an entry. */
async function menu(vs, row, entry) {
  const item = vs.page.locator('.monaco-menu .action-label', { hasText: entry }).first();
  for (let tries = 0; tries < 3; tries++) {
    await vs.page.locator(`${TREE} .monaco-list-row`, { hasText: row }).first().click({ button: 'right' });
    await item.waitFor({ timeout: 15_000 });
    // A menu takes no click in the moment in which it opens.
    await vs.page.waitForTimeout(500);
    await item.click();
    const gone = await item.waitFor({ state: 'hidden', timeout: 5000 }).then(
      () => true,
      () => false,
    );
    if (gone) return;
    await vs.page.keyboard.press('Escape');
  }
  throw new Error(`the menu of ${row} takes no click on ${entry}`);
}

/** Chooses another colour theme by its name in the list of themes. */
async function theme(vs, name, kind) {
  await vs.page.keyboard.press('Control+K');
  await vs.page.keyboard.press('Control+T');
  const box = vs.page.locator('.quick-input-widget:visible input[placeholder*="Color Theme"]');
  await box.waitFor({ timeout: 15_000 });
  await box.fill(name);
  await vs.page.locator('.quick-input-list .monaco-list-row.focused', { hasText: name }).waitFor();
  await vs.page.keyboard.press('Enter');
  await vs.page.locator(`.monaco-workbench.${kind}`).waitFor();
  await vs.page.waitForTimeout(1000);
}

/** Names a file of the workspace in VS Code's own file dialog. */
async function choose(vs, title, file) {
  await vs.page.locator('.quick-input-title', { hasText: title }).waitFor({ timeout: 15_000 });
  const box = vs.page.locator('.quick-input-widget:visible input[type="text"]:visible').first();
  // The dialog fills in its folder when it has read it, over what was typed before.
  await vs.page.locator('.quick-input-list .monaco-list-row', { hasText: '..' }).first().waitFor();
  await vs.page.waitForTimeout(1000);
  await box.fill(path.join(vs.workspace, file));
  await vs.page.locator('.quick-input-list .monaco-list-row', { hasText: path.basename(file) }).waitFor();
  await vs.page.keyboard.press('Enter');
}

/** Gives the side bar room for whole rows. */
async function widen(vs) {
  const box = await vs.page.locator('.part.sidebar').boundingBox();
  await vs.page.mouse.move(box.x + box.width + 1, 400);
  await vs.page.mouse.down();
  await vs.page.mouse.move(box.x + 640, 400, { steps: 8 });
  await vs.page.mouse.up();
}

describe('the Streams view', () => {
  let vs;
  before(async () => {
    vs = await openWorkbench({ settings: { 'workbench.colorTheme': 'Default Dark Modern' } });
  });
  after(() => vs?.stop());

  it('says what it is for and offers a dump and the samples while no session runs', async () => {
    await vs.activity('SMMU');
    assert.match(await vs.text(WELCOME), /The stream table of an SMMU, down to the pages, appears here/);
    const buttons = await vs.page.locator(`${WELCOME} .monaco-button`).allInnerTexts();
    assert.deepEqual(buttons, ['Open Memory Dump…', 'Open Sample Workspace']);
    await vs.shot('streams-welcome');
  });

  it('shows the stream table of the session, 65,536 entries in six rows', async () => {
    await startSample(vs, 'linux-basic: look around and translate');
    await vs.activity('SMMU');
    const rows = await vs.rowsWith(TREE, 'StreamIDs 0x500–0xffff');
    assert.deepEqual(rows.slice(0, 2), [
      'Stream table (Non-secure)two levels (SPLIT 8), 65,536 StreamIDs, at 0x484c1000',
      'StreamIDs 0x0–0xffbus 00: 9 stage 1, 247 abort',
    ]);
    assert.equal(rows.length, 7);
  });

  it('opens down to the pages', async () => {
    await widen(vs);
    await vs.expand(TREE, 'StreamIDs 0x0–0xff');
    await vs.expand(TREE, 'StreamID 0x8 (00:01.0)');
    await vs.expand(TREE, /^CD/);
    await vs.expand(TREE, /^TTB0/);
    await vs.expand(TREE, /level 1 table at/);
    await vs.expand(TREE, /level 2 table at/);
    await vs.rowsWith(TREE, /level 3 table at/);
    const last = vs.page.locator(`${TREE} .monaco-list-row`, { hasText: /level 3 table at/ }).last();
    await last.locator('.monaco-tl-twistie').click();
    const rows = await vs.rowsWith(TREE, '0x480eb000');
    const page = rows.find((row) => row.startsWith('0xffffb000'));
    assert.match(page, /^0xffffb000–0xffffbfff→ 0x480eb000 rw\S* 4 KiB/);
  });

  it('explains a row by its bits', async () => {
    await vs.page.locator(`${TREE} .monaco-list-row`, { hasText: '00:01.0' }).first().hover();
    const hover = await vs.text('.monaco-hover:visible');
    assert.match(hover, /STE of StreamID 0x8 at 0x5b660200/);
    assert.match(hover, /Config \[3:1\] 5 stage 1 only/);
    await vs.shot('streams-tooltip');
    await vs.page.mouse.move(1200, 700);
  });

  for (const [short, name, kind] of THEMES)
    it(`keeps its rows in the theme ${name}`, async () => {
      await theme(vs, name, kind);
      await vs.rowsWith(TREE, 'StreamID 0x8 (00:01.0)');
      await vs.shot(`streams-${short}`);
    });

  it('translates an address of the stream that was clicked', async () => {
    await menu(vs, '00:01.0', 'Translate Address in This Stream…');
    await answer(vs, 'IOVA in Stream 0x8', '0xffffb204');
    await answer(vs, 'Access to 0xffffb204', 'Read');
    await vs.page.locator('.notification-list-item-message', { hasText: '0x480eb204' }).waitFor();
    await vs.shot('streams-translated');
  });

  it('keeps what is open when the session stops again', async () => {
    const before = await vs.rows(TREE);
    await vs.page.locator('.debug-toolbar .codicon-debug-step-over').click();
    await vs.page.waitForTimeout(1500);
    assert.deepEqual(await vs.rows(TREE), before);
  });

  it('falls back to its welcome when the session ends', async () => {
    await vs.page.locator('.debug-toolbar .codicon-debug-stop').click();
    await vs.page.locator(WELCOME).waitFor();
  });
});

describe('Open Memory Dump…', () => {
  let vs;
  before(async () => {
    vs = await openWorkbench();
    const field = path.join(vs.workspace, 'field');
    mkdirSync(field);
    copyFileSync(path.join(vs.workspace, 'linux-basic/small.elf.gz'), path.join(field, 'box7.elf.gz'));
    copyFileSync(path.join(vs.workspace, 'linux-basic/regs.json'), path.join(field, 'state-of-box7.json'));
  });
  after(() => vs?.stop());

  it('asks for the registers that it cannot find, and opens the dump with them', async () => {
    await vs.activity('SMMU');
    await vs.page.locator(`${WELCOME} .monaco-button`, { hasText: 'Open Memory Dump…' }).click();
    await choose(vs, 'Open Memory Dump', 'field/box7.elf.gz');
    const dialog = '.monaco-dialog-box';
    assert.match(await vs.text(dialog), /Which SMMU registers belong to box7\.elf\.gz\?/);
    await vs.shot('open-dump-registers');
    await vs.page.locator(`${dialog} .monaco-button`, { hasText: 'Choose File…' }).click();
    await choose(vs, 'Registers of box7.elf.gz', 'field/state-of-box7.json');
    const rows = await vs.rowsWith(TREE, 'StreamIDs 0x0–0xff');
    assert.match(rows[0], /65,536 StreamIDs, at 0x484c1000/);
    await vs.shot('open-dump');
  });
});

describe('Open Sample Workspace', () => {
  let vs;
  before(async () => {
    vs = await openWorkbench({ workspace: null });
  });
  after(() => vs?.stop());

  it('opens a copy of the samples in a window of its own', async () => {
    await vs.activity('SMMU');
    const opened = vs.context.waitForEvent('page');
    await vs.page.locator(`${WELCOME} .monaco-button`, { hasText: 'Open Sample Workspace' }).click();
    const page = await opened;
    for (const name of ['linux-basic', 'linux-faults', 'linux-pending', 'README.md'])
      await page.locator('.explorer-folders-view .monaco-list-row', { hasText: name }).waitFor();
    assert.match(decodeURIComponent(page.url()), /SMMU samples$/);
  });
});
