import assert from 'node:assert/strict';
import { openWorkbench } from './kit.mjs';
import { clickGutter, endSession, oneStory, STACK, standsAt, startSample, widenSideBar } from './samples.mjs';

const HISTORY = '.pane:has(.pane-header[aria-label^="History"])';
const CONSOLE = '.repl';

const row = (vs, text) => vs.page.locator(`${HISTORY} .monaco-list-row`, { hasText: text }).first();

describe('the History view', function () {
  oneStory(this);
  let vs;
  before(async () => {
    vs = await openWorkbench();
    await vs.activity('SMMU');
    await widenSideBar(vs);
  });
  after(() => vs?.stop());

  it('says what it is for while nothing runs, and while nothing is done', async () => {
    assert.match(await vs.text(`${HISTORY} .welcome-view-content`), /^What a session does appears here/);
    await startSample(vs, 'Bug 3: TLBI missing');
    await standsAt(vs, 'device nic sid=8');
    await vs.page
      .locator(`${HISTORY} .welcome-view-content`, { hasText: 'Nothing has been done yet.' })
      .waitFor();
    await vs.shot('history-empty');
  });

  it('lists statements and marks where the session stands, the newest first', async () => {
    await clickGutter(vs, 14);
    await vs.page.keyboard.press('F5');
    await standsAt(vs, 'dma nic read 0x1000 64');
    const rows = await vs.rowsWith(HISTORY, 'cmd ns SYNC');
    assert.match(rows[0], /^Now ?after \d+ operations$/);
    assert.match(rows[1], /^cmd ns SYNC ?line 13/);
    assert.match(rows[2], /^cmd ns CFGI_CD StreamID=8 Leaf ?line 12/);
    const first = rows.at(-1);
    assert.match(first, /^device nic sid=8 ?line 4/);
    const label = await row(vs, 'cmd ns SYNC').getAttribute('aria-label');
    assert.match(label, /^\d+, cmd ns SYNC, line 13/);
    await vs.shot('history');
  });

  it('goes back to before a statement by a click', async () => {
    await row(vs, 'cd ns 8 TTB0').click();
    await standsAt(vs, 'cd ns 8 TTB0=cd(0x10a).TTB0');
    await row(vs, 'cmd ns SYNC').waitFor({ state: 'detached' });
    assert.match((await vs.rowsWith(HISTORY, 'dma nic read'))[1], /^dma nic read 0x1000 64 ?line 10/);
    await vs.shot('history-went-back');
  });

  it('goes back by a choice of the command palette', async () => {
    await vs.palette('SMMU: Go Back To…');
    const rows = await vs.rowsWith('.quick-input-list', 'invalidate ns all');
    assert.match(rows[0], /^\d+: dma nic read 0x1000 64/);
    await vs.shot('history-choice');
    await vs.pick('invalidate ns all');
    await standsAt(vs, 'invalidate ns all');
    await vs.activity('Run and Debug');
    await vs.expand(STACK, 'Program');
    const stack = await vs.rowsWith(STACK, 'Paused after a jump');
    assert.ok(stack.includes('invalidate ns all bug-03-tlbi-missing.smmu 7:1'), stack.join('\n'));
  });

  it('explains where the session stands on the debug console', async () => {
    await vs.page.keyboard.press('F5');
    await standsAt(vs, 'dma nic read 0x1000 64');
    await vs.palette('SMMU: Explain (Why)…');
    await vs.rowsWith('.quick-input-list', 'Why does it stand here?');
    await vs.shot('why-questions');
    await vs.pick('Why does it stand here?');
    await vs.rowsWith(CONSOLE, 'what removes it: CMD_TLBI_NH_ASID ASID=0x1 VMID=0x0; CMD_SYNC');
    const answer = (await vs.rows(CONSOLE)).join('\n');
    assert.match(answer, /Reason: PA 0x50000000 \(ns\).*from the TLB/);
    assert.match(answer, /made old by line 11: cd ns 8 TTB0/);
    await vs.shot('why-answer');
  });

  it('runs the last transaction again', async () => {
    await vs.palette('SMMU: Run Transaction Again');
    await vs.rowsWith(CONSOLE, /again/);
    const rows = await vs.rows(CONSOLE);
    const answer = rows.slice(rows.findIndex((text) => text.startsWith('again'))).join('\n');
    assert.match(answer, /PA 0x50000000 \(ns\)/);
    await vs.shot('ran-again');
    await endSession(vs);
  });
});
