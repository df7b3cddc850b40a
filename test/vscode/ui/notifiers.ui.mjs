import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { openWorkbench } from './kit.mjs';
import { serveManyEvents } from './many-events.mjs';
import { endSession, oneStory, standsAt, startSample } from './samples.mjs';

const SCRIPT = readFileSync(path.join(import.meta.dirname, 'notifiers.smmu'), 'utf8');
const MANY = 100_000;

const launch = (more) => ({ type: 'smmuv3', request: 'launch', stopOnEntry: true, ...more });

/** A matrix with everything that a cell may say, and a comparison with long words. */
const cellOf = (device, world, consumer, more = {}) => ({
  ...{ device, sid: 0x10, world, consumer, notifier: 0, refused: null },
  ...{ told: 3, untold: 1, missed: 0, wrongSpace: 0, held: 2, ...more },
});
const MATRIX = {
  rows: [
    cellOf('nic', 'ns', 'vfio'),
    cellOf('nic', 's', 'vfio', { missed: 1, wrongSpace: 2 }),
    cellOf('gpu', 's', 'vhost', {
      refused: 'the device is of the Secure state: reject-registration refuses it',
    }),
    cellOf('disk0', 'realm', 'vhost-vdpa'),
  ],
};
const NAMES = [
  ...['qemu-upstream', 'qemu-rfc-v3', 'route', 'drop-iova'],
  ...['drop-all', 'reject-registration', 'reject+drop'],
];
const POLICIES = {
  columns: NAMES.map((policy, i) => ({
    ...{ policy, registered: i > 4 ? 0 : 2, refused: i > 4 ? 2 : 0, told: 4, untold: i, missed: i % 2 },
    ...{ wrongSpace: i === 2 ? 2 : 0, aborts: 0, findings: i === 2 ? ['the UNMAP names another space'] : [] },
  })),
  rows: [
    {
      ...{ cause: 'CMD_TLBI_NH_VA', device: 'nic', consumer: 'vfio', actsOn: 's', differs: true },
      outcomes: NAMES.map((_, i) => ['not told: gap', 'told in Secure', 'told in Secure', 'refused'][i % 4]),
    },
    {
      ...{ cause: 'CMD_TLBI_NSNH_ALL', device: 'nic', consumer: 'vfio', actsOn: 'ns', differs: false },
      outcomes: NAMES.map(() => 'told in Non-secure'),
    },
  ],
};

/** The page inside a webview that has an element. */
async function pageWith(vs, selector) {
  for (let attempt = 0; attempt < 150; attempt++) {
    for (const frame of vs.page.frames())
      if (
        await frame
          .locator(selector)
          .first()
          .isVisible()
          .catch(() => false)
      )
        return frame;
    await vs.page.waitForTimeout(200);
  }
  throw new Error(`no page shows ${selector}`);
}

const plain = (text) => text.replace(/\s+/g, ' ').trim();
const rowsOf = async (page) => (await page.locator('.row').allInnerTexts()).map(plain);
const summaryIs = (page, text) => page.locator('#summary', { hasText: text }).waitFor({ timeout: 30_000 });

/** Saves by the page's button under a name in the workspace; `check` gets the text. */
async function saved(vs, page, name, check) {
  const file = path.join(vs.workspace, name);
  await page.locator('#export').click();
  // The dialog proposes a name once it has read the folder, in place of whatever was typed before.
  const box = vs.page.locator('.quick-input-widget:visible input:visible').first();
  for (let i = 0; i < 100 && !/\.\w+$/.test(await box.inputValue()); i++) await vs.page.waitForTimeout(100);
  await vs.input(file);
  await vs.page.locator('.tabs-container .tab', { hasText: name }).waitFor({ timeout: 20_000 });
  check(readFileSync(file, 'utf8'));
}

/** The colours that a theme must tell apart, as the browser computed them. */
const contrast = (page) =>
  page.evaluate(() => {
    const channel = (c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    const light = (colour) => {
      const [r, g, b] = (colour.match(/[\d.]+/g) ?? []).map((n) => channel(Number(n) / 255));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const text = light(getComputedStyle(document.querySelector('.row .text')).color);
    const ground = light(getComputedStyle(document.querySelector('#head')).backgroundColor);
    return (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
  });

describe('the notifier views', function () {
  oneStory(this);
  let vs;
  let many;
  before(async () => {
    many = await serveManyEvents(MANY, {
      'smmu/notifierMatrix': () => MATRIX,
      'smmu/policies': () => POLICIES,
    });
    const configurations = [
      launch({ name: 'Notifiers', program: 'notifiers.smmu' }),
      launch({ name: 'Masked', program: 'notifiers.smmu', viewerWorld: 'ns' }),
      launch({ name: 'Many', program: 'scripts/hello.smmu', debugServer: many.port }),
    ];
    vs = await openWorkbench({
      settings: { 'workbench.colorTheme': 'Default Dark Modern' },
      files: {
        'notifiers.smmu': SCRIPT,
        '.vscode/launch.json': JSON.stringify({ version: '0.2.0', configurations }),
      },
    });
    await vs.page.setViewportSize({ width: 1280, height: 800 });
    await vs.activity('SMMU');
  });
  after(async () => {
    await vs?.stop();
    many?.stop();
  });

  it('say what they are for while nothing runs', async () => {
    await vs.palette('Notifier Events: Focus on Notifier Events View');
    const page = await pageWith(vs, '#nothing');
    assert.match(await page.locator('#nothing').innerText(), /^Who is told of an invalidation appears here/);
    await vs.shot('notifiers-empty');
  });

  it('show each decision of the session that runs, the newest last', async () => {
    await startSample(vs, 'Notifiers');
    await standsAt(vs, 'machine preset=');
    await vs.page.locator('.editor-instance .view-line').first().click();
    for (const key of ['Control+End', 'ArrowUp', 'F9', 'F5']) await vs.page.keyboard.press(key);
    await standsAt(vs, SCRIPT.trimEnd().split('\n').at(-1));
    await vs.palette('Notifications: Clear All Notifications');
    const page = await pageWith(vs, '.row');
    await summaryIs(page, 'policy route, accepts map');
    const rows = await rowsOf(page);
    assert.ok(rows.length >= 6, rows.join('\n'));
    assert.ok(
      rows.some((row) => /CMD_TLBI_NH_VA on Secure disk .* told/.test(row)),
      rows.join('\n'),
    );
    assert.ok(
      rows.some((row) => row.includes('not told')),
      rows.join('\n'),
    );
    await vs.shot('notifiers-events');
  });

  it('are walked through by keys, with details of the row that is selected', async () => {
    const page = await pageWith(vs, '.row');
    await page.locator('#grid').focus();
    await vs.page.keyboard.press('Home');
    await vs.page.keyboard.press('ArrowDown');
    await page.locator('#row-1.selected').waitFor();
    assert.equal(await page.locator('#grid').getAttribute('aria-activedescendant'), 'row-1');
    assert.match(
      await page.locator('#row-1').getAttribute('aria-label'),
      /^Time op \d+ line \d+, Command CMD_/,
    );
    await page.locator('#details', { hasText: 'IOMMU index' }).waitFor();
    await vs.shot('notifiers-selected');
  });

  it('lead to the command, and back from it', async () => {
    const page = await pageWith(vs, '.row');
    const line = /line (\d+)/.exec(await page.locator('#row-1').getAttribute('aria-label'))[1];
    await vs.page.keyboard.press('Enter');
    await vs.page.locator('.statusbar-item', { hasText: `Ln ${line}, Col 1` }).waitFor();
    await vs.palette('View: Toggle Panel Visibility');
    await vs.palette('SMMU: Show Notifier Events of This');
    const again = await pageWith(vs, '.row.selected');
    assert.match(
      await again.locator('.row.selected').getAttribute('aria-label'),
      new RegExp(`line ${line},`),
    );
  });

  it('show one Security state, chosen for all views at once', async () => {
    const page = await pageWith(vs, '.row');
    const all = (await rowsOf(page)).length;
    await page.locator('#world').selectOption('s');
    await vs.page.locator('.statusbar-item', { hasText: 'SMMU: Secure' }).waitFor();
    await summaryIs(page, 'events');
    await page.waitForFunction((most) => document.querySelectorAll('.row').length < most, all);
    assert.ok((await rowsOf(page)).every((row) => row.includes('on Secure')));
    const streams = '.pane:has(.pane-header[aria-label^="Streams"])';
    await vs.page
      .locator(`${streams} .monaco-list-row`, { hasText: 'Stream table (Non-secure)' })
      .waitFor({ state: 'detached' });
    const trees = await vs.rows(streams);
    assert.match(trees[0], /^Stream table \(Secure\)/);
    await vs.shot('notifiers-world');
    await vs.palette('SMMU: Choose Security State…');
    await vs.pick('All worlds');
    await vs.page.locator('.statusbar-item', { hasText: 'SMMU: All worlds' }).waitFor();
  });

  it('show the matrix in words, and from a cell of it the events', async () => {
    await vs.palette('Notifier Matrix: Focus on Notifier Matrix View');
    const page = await pageWith(vs, 'table.matrix');
    const text = plain(await page.locator('table.matrix').innerText());
    assert.match(text, /disk sid 0x10 vfio #0 .*registered/);
    await vs.shot('notifiers-matrix');
    await page.locator('button.link').first().click();
    const events = await pageWith(vs, '.row');
    await events.waitForFunction(() => document.querySelector('#text').value === 'disk');
    await vs.page.locator('.statusbar-item', { hasText: 'SMMU: Secure' }).waitFor();
    await events.locator('#text').fill('');
    await vs.palette('SMMU: Choose Security State…');
    await vs.pick('All worlds');
  });

  it('save what is listed where the dialog says, and show the file', async () => {
    await vs.palette('Notifier Events: Focus on Notifier Events View');
    const page = await pageWith(vs, '.row');
    const count = (await rowsOf(page)).length;
    await saved(vs, page, 'notifier-events.csv', (text) => {
      const [head, ...lines] = text.trimEnd().split('\r\n');
      assert.match(head, /^number,history,line,file,cause,/);
      assert.ok(lines.length >= count, text);
    });
    await saved(vs, page, 'notifier-events.json', (text) => {
      assert.ok(JSON.parse(text).every(({ cause }) => cause !== ''));
    });
  });

  it('compare the policies side by side', async () => {
    await vs.palette('SMMU: Compare Notifier Policies');
    const page = await pageWith(vs, 'table.policies');
    const heads = await page.locator('thead').first().locator('th').allInnerTexts();
    assert.deepEqual(heads.slice(0, 3), ['Whole session', 'qemu-upstream', 'qemu-rfc-v3']);
    assert.ok((await page.locator('td.differs').count()) > 0);
    await vs.shot('notifiers-policies');
    const before = await page.locator('tbody tr:visible').count();
    await page.locator('#differing').check();
    assert.ok((await page.locator('tbody tr:visible').count()) <= before);
    await saved(vs, page, 'notifier-policies.csv', (text) =>
      assert.match(text, /^invalidation,actsOn,device,consumer,differs,qemu-upstream,/),
    );
    await vs.palette('SMMU: Compare Notifier Policies');
    await pageWith(vs, 'table.policies');
    const tabs = vs.page.locator('.tabs-container .tab', { hasText: 'Notifier Policies' });
    assert.equal(await tabs.count(), 1);
    await endSession(vs);
  });

  it('say in their titles for whom they are masked', async () => {
    await startSample(vs, 'Masked');
    await standsAt(vs, 'machine preset=');
    const description = '.pane-header[aria-label^="Streams"] .description';
    await vs.page.locator(description, { hasText: 'Masked · masked for Non-secure' }).waitFor();
    await vs.shot('notifiers-masked');
    await endSession(vs);
  });

  it('draw only what is in sight of very many events, filter and sort them', async () => {
    await startSample(vs, 'Many');
    await vs.palette('Notifier Events: Focus on Notifier Events View');
    const page = await pageWith(vs, '#grid');
    await page.locator('#text').fill('');
    await summaryIs(page, '100,000 events');
    assert.ok((await page.locator('.row').count()) < 100);
    await page.locator('#grid').focus();
    await vs.page.keyboard.press('End');
    await page.locator(`#row-${MANY - 1}.selected`).waitFor();
    await page.locator('#decision').selectOption('wrong-space');
    await summaryIs(page, / of 100,000 events/);
    await page.locator('#head button', { hasText: 'Device' }).click();
    await page.locator('[role=columnheader][aria-sort=ascending]', { hasText: 'Device' }).waitFor();
    await page.locator('.row', { hasText: 'disk0' }).first().waitFor();
    await vs.shot('notifiers-many');
  });

  for (const [name, theme, look] of [
    ['light', 'Default Light Modern', 'vscode-light'],
    ['contrast', 'Default High Contrast', 'vscode-high-contrast'],
  ])
    it(`can be read in the theme ${theme}`, async () => {
      vs.setting('workbench.colorTheme', theme);
      const page = await pageWith(vs, '.row');
      await page.locator(`body.${look}`).waitFor();
      await page.locator('.row').first().click();
      await page.locator('#details').waitFor();
      assert.ok((await contrast(page)) > 4.5);
      await vs.shot(`notifiers-${name}`);
      await vs.palette('SMMU: Compare Notifier Policies');
      await pageWith(vs, 'table.policies');
      await vs.palette('Notifier Matrix: Focus on Notifier Matrix View');
      await pageWith(vs, 'table.matrix');
      await vs.shot(`notifiers-tables-${name}`);
      await vs.palette('Notifier Events: Focus on Notifier Events View');
    });
});
