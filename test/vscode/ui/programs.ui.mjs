import assert from 'node:assert/strict';
import { openWorkbench } from './kit.mjs';
import {
  clickGutter,
  endSession,
  foldPanes,
  oneStory,
  pressUntil,
  STACK,
  standsAt,
  startSample,
  widenSideBar,
} from './samples.mjs';

const LOG = 'faults.log';

describe('a trace of QEMU in the debugger', function () {
  oneStory(this);
  let vs;
  before(async () => {
    vs = await openWorkbench();
    await vs.activity('Run and Debug');
    await widenSideBar(vs);
    await foldPanes(vs, 'Watch');
  });
  after(() => vs?.stop());

  it('stops at its first line, in the log itself', async () => {
    await startSample(vs, 'Trace: faults that QEMU logged');
    await vs.page.locator('.tab.active', { hasText: LOG }).waitFor();
    await standsAt(vs, '@');
    await vs.page.locator('.statusbar-item', { hasText: 'SMMU Trace' }).waitFor();
    const stack = await vs.rowsWith(STACK, LOG);
    assert.match(stack[0], /^Program PAUSED ON ENTRY$/i);
    assert.match(stack[1], /faults\.log 1:1$/);
    await vs.shot('trace-entry');
  });

  it('runs to a breakpoint on one of its lines', async () => {
    await clickGutter(vs, 12);
    await vs.page.keyboard.press('F5');
    const stack = await vs.rowsWith(STACK, /12:1/);
    assert.match(stack[0], /^Program PAUSED ON .*FAULTS\.LOG:12$/i);
    await vs.shot('trace-breakpoint');
    await endSession(vs);
  });
});

describe('a workspace of programs without configurations', function () {
  oneStory(this);
  let vs;
  before(async () => {
    const launch = { version: '0.2.0', configurations: [] };
    vs = await openWorkbench({ files: { '.vscode/launch.json': JSON.stringify(launch) } });
  });
  after(() => vs?.stop());

  it('debugs the script in the editor by F5', async () => {
    await vs.openFile('hello.smmu');
    await pressUntil(vs, 'F5', '.debug-toolbar');
    await standsAt(vs, 'device nic sid=8');
    await vs.shot('f5-script');
    await endSession(vs);
  });

  it('debugs the trace in the editor by F5', async () => {
    await vs.openFile(LOG);
    await pressUntil(vs, 'F5', '.debug-toolbar');
    await standsAt(vs, '@');
    await vs.shot('f5-trace');
    await endSession(vs);
  });
});
