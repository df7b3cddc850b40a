// For tests that look at the workbench as a user does: the packaged .vsix in the VS Code server, driven in a browser.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { vsixPath } from '../../../extension/build.mjs';
import { root } from '../../../extension/setup.mjs';
import { ensureBrowser, openBrowser } from '../browser.mjs';
import { ensureServer, installVsix, makeHome, samples, startServer } from '../server.mjs';

const artefacts = path.join(root, 'test/artefacts');
const PALETTE = '.quick-input-widget:visible .quick-input-filter input:visible';
const QUICK_ROW = '.quick-input-list .monaco-list-row';
const open = new Set();

const plain = (text) => text.replace(/[\s\u00a0]+/g, ' ').trim();

/** One workbench with its server. Get it from {@link openWorkbench}; `page` is Playwright's, for what is not here. */
class Workbench {
  constructor(page, server, context, home) {
    this.page = page;
    this.server = server;
    this.context = context;
    this.home = home;
    /** The copy of the workspace that VS Code has open. */
    this.workspace = home.workspace;
    open.add(this);
  }

  /** Runs a command by its title in the command palette. Commands of a starting workbench may be listed late. */
  async palette(title) {
    const row = this.page.locator(QUICK_ROW, { hasText: title.replace(/^.*?: /, '') }).first();
    for (let attempt = 1; ; attempt++) {
      await this.page.keyboard.press('F1');
      try {
        // Something that takes the focus closes the palette; it is opened again then.
        await this.page.locator(PALETTE).first().fill(`>${title}`, { timeout: 6000 });
        await row.waitFor({ timeout: 6000 });
        await row.click({ timeout: 3000 });
        return;
      } catch (error) {
        if (attempt === 4) throw error;
        await this.page.keyboard.press('Escape');
      }
    }
  }

  /** Clicks the row of the open quick pick that contains `text`. */
  async pick(text) {
    const row = this.page.locator(QUICK_ROW, { hasText: text.replace(/^.*?: /, '') }).first();
    await row.waitFor({ timeout: 15_000 });
    await row.click();
  }

  /** Types into the open input box or quick pick and accepts. */
  async input(text) {
    const box = this.page.locator('.quick-input-widget:visible input:visible').first();
    await box.waitFor({ timeout: 15_000 });
    await box.fill(text);
    await this.page.keyboard.press('Enter');
  }

  /** The visible rows of a list or tree, one line of text each. */
  async rows(selector) {
    return (await this.page.locator(`${selector} .monaco-list-row`).allInnerTexts()).map(plain);
  }

  /** Waits until a row of the list contains `text` (or matches it), and returns all rows. */
  async rowsWith(selector, text, timeout = 30_000) {
    await this.page.locator(`${selector} .monaco-list-row`, { hasText: text }).first().waitFor({ timeout });
    return this.rows(selector);
  }

  /** Expands a tree's row that contains `text`. */
  async expand(selector, text) {
    const row = this.page.locator(`${selector} .monaco-list-row`, { hasText: text }).first();
    await row.waitFor({ timeout: 15_000 });
    const twistie = row.locator('.monaco-tl-twistie.collapsed');
    if (await twistie.count()) await twistie.click();
  }

  /** The text of the first element that matches. */
  async text(selector) {
    const element = this.page.locator(selector).first();
    await element.waitFor();
    return plain(await element.innerText());
  }

  /** The visible lines of the active editor. */
  async editorLines() {
    const lines = this.page.locator('.editor-instance .view-lines .view-line');
    await lines.first().waitFor({ timeout: 15_000 });
    return (await lines.allInnerTexts()).map(plain);
  }

  /** Opens a view container of the activity bar by its title. */
  async activity(title) {
    const item = this.page.locator(`.activitybar [aria-label^="${title}"]`).first();
    await item.waitFor({ timeout: 30_000 });
    const checked = await item.evaluate((node) =>
      node.closest('.action-item')?.classList.contains('checked'),
    );
    if (!checked) await item.click();
  }

  /** Opens a file of the workspace in an editor. */
  async openFile(name) {
    const row = this.page.locator(QUICK_ROW, { hasText: path.basename(name) }).first();
    for (let attempt = 1; ; attempt++) {
      await this.page.keyboard.press('Control+P');
      try {
        await this.page.locator(PALETTE).first().fill(name, { timeout: 6000 });
        // Files are found a moment after they are asked for.
        await row.waitFor({ timeout: 6000 });
        await row.click({ timeout: 3000 });
        break;
      } catch (error) {
        if (attempt === 4) throw error;
        await this.page.keyboard.press('Escape');
      }
    }
    await this.page.locator('.tabs-container .tab.active', { hasText: path.basename(name) }).waitFor();
  }

  /** The texts of the notifications on the screen. */
  async notifications() {
    return (await this.page.locator('.notification-list-item-message').allInnerTexts()).map(plain);
  }

  /** Changes a setting of the workspace while the workbench runs: these are watched. */
  setting(name, value) {
    const file = path.join(this.workspace, '.vscode/settings.json');
    const settings = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
    writeFileSync(file, JSON.stringify({ ...settings, [name]: value }, null, 2));
  }

  /** Keeps a screenshot as test/artefacts/<name>.png. */
  async shot(name) {
    mkdirSync(artefacts, { recursive: true });
    await this.page.screenshot({ path: path.join(artefacts, `${name}.png`) });
  }

  async stop() {
    if (!open.delete(this)) return;
    await this.context.close().catch(() => {});
    await this.server.stop();
    this.home.remove();
  }
}

/**
 * Opens a workbench with the packaged extension installed.
 * @param options.workspace folder that is copied and opened; by default the extension's samples, null for an empty one
 * @param options.settings user settings over the quiet ones
 * @param options.files further files of the workspace, `{ '.vscode/launch.json': text }`
 */
export async function openWorkbench({ workspace = samples, settings = {}, files = {} } = {}) {
  const browser = ensureBrowser();
  if (browser.reason) throw new Error(browser.reason);
  if (!existsSync(vsixPath()))
    throw new Error(`${path.basename(vsixPath())} is missing: run npm run package`);
  ensureServer();
  const home = makeHome(workspace, settings);
  // The samples show their walk-through at a moment of their own, and it would take the focus from a test.
  const written = workspace === samples ? { '.vscode/settings.json': '{}', ...files } : files;
  for (const [name, text] of Object.entries(written)) {
    mkdirSync(path.dirname(path.join(home.workspace, name)), { recursive: true });
    writeFileSync(path.join(home.workspace, name), text);
  }
  installVsix(home, vsixPath());
  const server = await startServer(home);
  const context = await openBrowser(browser.executable, home.dir);
  const page = context.pages()[0] ?? (await context.newPage());
  const workbench = new Workbench(page, server, context, home);
  await page.goto(server.url(home.workspace), { waitUntil: 'domcontentloaded' });
  await page.waitForSelector('.monaco-workbench .part.statusbar', { timeout: 60_000 });
  return workbench;
}

/** Keeps a screenshot of every open workbench after a failure. */
export async function shootFailure(title) {
  const name = `failed-${title.replace(/[^\w]+/g, '-').slice(0, 80)}`;
  for (const workbench of open) await workbench.shot(name).catch(() => {});
}

/** Closes menus and palettes that a failed test left open. */
export async function closePopups() {
  for (const workbench of open) for (let i = 0; i < 2; i++) await workbench.page.keyboard.press('Escape');
}

/** Stops what tests left running. */
export async function stopAll() {
  for (const workbench of [...open]) await workbench.stop();
}
