import assert from 'node:assert/strict';
import { openWorkbench } from './kit.mjs';

describe('the packaged extension in the workbench', () => {
  let vs;
  before(async () => {
    vs = await openWorkbench();
  });
  after(() => vs?.stop());

  it('is listed among the installed extensions, without an error', async () => {
    await vs.palette('View: Show Extensions');
    const list = '.extensions-viewlet';
    const rows = await vs.rowsWith(list, 'Arm SMMUv3 Debugger');
    assert.equal(rows.filter((row) => row.includes('Arm SMMUv3 Debugger')).length, 1);
    await vs.page.locator(`${list} .monaco-list-row`, { hasText: 'Arm SMMUv3 Debugger' }).first().click();
    const header = await vs.text('.extension-editor .header');
    assert.match(header, /Arm SMMUv3 Debugger/);
    assert.match(header, /Uninstall/, 'it is installed');
    await vs.shot('installed');
    assert.deepEqual(await vs.notifications(), []);
  });
});
