import assert from 'node:assert/strict';
import { openWorkbench } from './kit.mjs';
import { clickGutter, endSession, foldPanes, oneStory, STACK, standsAt, widenSideBar } from './samples.mjs';

/** How long the workbench may move things about. */
const SETTLES_MS = 10_000;
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
    vs = await openWorkbench({
      files: { 'a-mixed.smmu': MIXED },
      settings: { 'testing.automaticallyOpenPeekView': 'failureInVisibleDocument' },
    });
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

  it('shows a failed expectation at its line, with what was expected and what came', async () => {
    await vs.openFile('a-mixed.smmu');
    await run('goes wrong', 'Run Test');
    await state('goes wrong', 'Failed');
    const peek = vs.page.locator('.peekview-widget', {
      hasText: 'expected PA 0x50000000, got PA 0x50000040 (ns)',
    });
    await peek.waitFor();
    const line = vs.page.locator('.editor-instance .line-numbers', { hasText: /^6$/ }).first();
    // The message slides into its place.
    const isBelow = async () => {
      const [upper, lower] = [await line.boundingBox(), await peek.boundingBox()];
      return upper && lower && Math.abs(upper.y + upper.height - lower.y) < upper.height;
    };
    const end = Date.now() + SETTLES_MS;
    let below = await isBelow();
    while (!below && Date.now() < end) {
      await vs.page.waitForTimeout(50);
      below = await isBelow();
    }
    const boxes = JSON.stringify([await line.boundingBox(), await peek.boundingBox()]);
    assert.ok(below, `the message is below line 6: ${boxes}`);
    const sides = await vs.text('.peekview-widget .test-output-peek-message-container');
    assert.match(sides, /PA 0x50000000/);
    assert.match(sides, /PA 0x50000040 \(ns\)/);
    await vs.shot('tests-failed');
    await vs.page.keyboard.press('Escape');
  });

  it('runs all tests of a script, and the script has passed', async () => {
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
    await vs.expand(STACK, 'Program');
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
