import assert from 'node:assert/strict';
import { openWorkbench } from './kit.mjs';

const STACK = '.debug-call-stack';
const VARIABLES = '.debug-variables';

describe('a session on the sample', () => {
  let vs;
  before(async () => {
    vs = await openWorkbench();
  });
  after(() => vs?.stop());

  it('starts by F5 and stops before the first pending command', async () => {
    await vs.activity('Run and Debug');
    await vs.page.locator('.start-debug-action-item', { hasText: 'linux-pending' }).waitFor();
    // The preview of the README has the keyboard until somebody clicks elsewhere.
    await vs.page.keyboard.press('Control+Shift+D');
    await vs.page.locator('.debug-watch').click();
    await vs.page.keyboard.press('F5');
    await vs.page.locator('.debug-toolbar').waitFor({ timeout: 15_000 });
    console.log(await vs.rowsWith(STACK, 'CMDQ'));
    await vs.page.waitForTimeout(2000);
    console.log(await vs.editorLines());
    console.log(await vs.rows(VARIABLES));
    await vs.shot('pending-entry');
  });

  it('steps over a command', async () => {
    await vs.page.keyboard.press('F10');
    await vs.page.waitForTimeout(2000);
    console.log(await vs.rows(VARIABLES), await vs.rows(STACK));
    await vs.shot('pending-stepped');
    assert.deepEqual(await vs.notifications(), []);
  });
});
