import assert from 'node:assert/strict';
import { openWorkbench } from './kit.mjs';
import { clickGutter, endSession, foldPanes, oneStory, STACK, standsAt, widenSideBar } from './samples.mjs';

const TESTS = '.test-explorer';

const MIXED = `device nic sid=8
map ns sid=8 iova=0x1000 pa=0x50000000 size=4K

test "goes wrong"
  dma nic read 0x1040 64
  expect pa=0x50000000
end

test "goes right"
  dma nic read 0x1040 64
  expect pa=0x50000040
end
`;

describe('the Test Explorer', function () {
  oneStory(this);
  let vs;
  before(async () => {
    vs = await openWorkbench({ files: { 'a-mixed.smmu': MIXED } });
    await vs.activity('Testing');
    await widenSideBar(vs);
    await vs.rowsWith(TESTS, 'a-mixed.smmu');
  });
  after(() => vs?.stop());

  const test = (name) => vs.page.locator(`${TESTS} .monaco-list-row`, { hasText: name }).first();
  const run = async (name, button) => {
    await test(name).hover();
    await test(name).locator(`[aria-label^="${button}"]`).first().click();
  };
  const state = (name, wanted) =>
    vs.page.locator(`${TESTS} .monaco-list-row[aria-label*="${name}"][aria-label*="${wanted}"]`).waitFor();

  it('lists each script, and each of its tests below it', async () => {
    await vs.expand(TESTS, 'a-mixed.smmu');
    const rows = await vs.rowsWith(TESTS, 'goes right');
    assert.deepEqual(
      rows.slice(0, 3).map((text) => text.replace(/\s.*ms$/, '')),
      ['a-mixed.smmu', 'goes wrong', 'goes right'],
    );
    assert.ok(
      rows.some((text) => text.startsWith('scripts/hello.smmu')),
      rows.join('\n'),
    );
    await vs.shot('tests-listed');
  });

  it('runs one test, and it passes', async () => {
    await run('goes right', 'Run Test');
    await state('goes right', 'Passed');
    await vs.shot('tests-passed');
  });

  it('shows a failed expectation at its line', async () => {
    await run('goes wrong', 'Run Test');
    await state('goes wrong', 'Failed');
    await vs.openFile('a-mixed.smmu');
    const peek = vs.page
      .locator('.test-output-peek, .test-output-peek-tree, .test-error-content-widget')
      .first();
    await peek.waitFor();
    const lines = await vs.page.locator('.test-error-content-widget').allInnerTexts();
    assert.match(lines.join(' '), /0x50000040/);
    await vs.shot('tests-failed');
  });

  it('runs every sample script, and all of their tests pass', async () => {
    await run('scripts/hello.smmu', 'Run Test');
    await state('scripts/hello.smmu', 'Passed');
    await vs.shot('tests-hello');
  });

  it('debugs one test: it stops where its breakpoint stands', async () => {
    await vs.openFile('a-mixed.smmu');
    await clickGutter(vs, 10);
    await run('goes right', 'Debug Test');
    await standsAt(vs, 'dma nic read 0x1040 64');
    await vs.activity('Run and Debug');
    await foldPanes(vs, 'Watch');
    const stack = await vs.rowsWith(STACK, 'dma nic read');
    assert.ok(stack.includes('dma nic read 0x1040 64 a-mixed.smmu 10:1'), stack.join('\n'));
    assert.ok(
      stack.some((text) => text.startsWith('test "goes right"')),
      stack.join('\n'),
    );
    await vs.shot('tests-debugged');
    await endSession(vs);
  });
});
