import assert from 'node:assert/strict';
import { openWorkbench } from './kit.mjs';
import { answer, pressUntil, STACK, standsAt, startSample, VARIABLES } from './samples.mjs';

describe('a session on linux-pending', () => {
  let vs;
  before(async () => {
    vs = await openWorkbench();
  });
  after(() => vs?.stop());

  it('is the first configuration of the samples', async () => {
    await vs.activity('Run and Debug');
    await vs.page.locator('.start-debug-action-item', { hasText: 'linux-pending' }).waitFor();
    await vs.shot('samples');
  });

  it('starts by F5 and stops before the first pending command', async () => {
    await pressUntil(vs, 'F5', '.debug-toolbar');
    await standsAt(vs, '0x23a9  0x5b723a90  pending   TLBI_NH_VA ASID=1 Address=0xffda1000 Leaf');
    const stack = await vs.rowsWith(STACK, 'TLBI_NH_VA');
    assert.match(stack[0], /^CMDQ ns PAUSED ON ENTRY$/i);
    assert.match(stack[1], /^TLBI_NH_VA ASID=1 Address=0xffda1000 Leaf TG=4KB TTL=3 CMDQ ns/);
    assert.match(stack[2], /^DMA PAUSED/i);
    await vs.shot('pending-entry');
  });

  it('steps over the command: the arrow and the queue move on', async () => {
    await vs.expand(VARIABLES, 'Queues');
    await vs.rowsWith(VARIABLES, '16 pending');
    await vs.page.keyboard.press('F10');
    await standsAt(vs, '0x23aa  0x5b723aa0  pending   SYNC');
    const rows = await vs.rowsWith(VARIABLES, '15 pending');
    assert.ok(rows.includes('operation = CMDQ[0x23aa] SYNC'), rows.join('\n'));
    await vs.shot('pending-stepped');
  });

  it('steps into the command and shows what committing it will change', async () => {
    await vs.page.keyboard.press('F11');
    await vs.rowsWith(VARIABLES, /position.*2 of/);
    await vs.page.keyboard.press('F11');
    await vs.rowsWith(VARIABLES, /position.*3 of/);
    await vs.expand(VARIABLES, 'Pending');
    await vs.rowsWith(VARIABLES, 'CMDQ_CONS moves past the command: 0x23aa -> 0x23ab');
    await vs.shot('pending-step-in');
  });

  it('steps back with the button of the toolbar', async () => {
    await vs.page.locator('.debug-toolbar .codicon-debug-step-back').click();
    await vs.rowsWith(VARIABLES, /position.*2 of/);
  });

  it('continues until nothing is pending', async () => {
    await vs.page.keyboard.press('F5');
    const stack = await vs.rowsWith(STACK, 'nothing pending');
    assert.match(stack[0], /^CMDQ ns nothing pending$/i);
    await vs.shot('pending-nothing');
    assert.deepEqual(await vs.notifications(), []);
  });
});

describe('a session on linux-basic', () => {
  let vs;
  before(async () => {
    vs = await openWorkbench();
    await vs.activity('Run and Debug');
    await startSample(vs, 'linux-basic: look around and translate');
    await standsAt(vs, 'PROD 0x4479 wrap 0, CONS 0x4479 wrap 0: 0 pending');
  });
  after(() => vs?.stop());

  it('asks for stream, address and access, and shows where the address leads', async () => {
    await vs.palette('SMMU: Translate Address…');
    await answer(vs, 'StreamID', '00:01.0');
    await answer(vs, 'IOVA in Stream 0x8', '0xffffb204');
    await answer(vs, 'Access to 0xffffb204', 'Read');
    await vs.page.locator('.notification-list-item-message', { hasText: '0x480eb204' }).waitFor();
    assert.deepEqual(await vs.notifications(), [
      'StreamID 0x8: 0xffffb204 -> PA 0x480eb204 (ns), Normal iWB(RA,WA) oWB(RA,WA) ISH',
    ]);
    await vs.shot('translate-answer');
  });

  it('refuses what is no StreamID before anything runs', async () => {
    await vs.palette('SMMU: Translate Address…');
    await answer(vs, 'StreamID', 'eight');
    await vs.page
      .locator('.quick-input-message', { hasText: 'A StreamID is needed: 8, 0x8 or 00:01.0.' })
      .waitFor();
    await vs.shot('translate-refused');
    await vs.page.keyboard.press('Escape');
  });

  it('stops on a fault and explains it where the deciding bit stands', async () => {
    await vs.palette('SMMU: Translate Address…');
    await answer(vs, 'StreamID', '8');
    await answer(vs, 'IOVA in Stream 0x8', '0xffff6000');
    await answer(vs, 'Access to 0xffff6000', 'Read');
    const widget = await vs.text('.exception-widget');
    assert.match(widget, /Exception has occurred: F_TRANSLATION/);
    assert.match(widget, /level 3 descriptor 0x0 at 0x4847bfb0 is invalid: bit 0 is clear/);
    await standsAt(vs, 'Valid [0] = 0');
    // The first frame comes alone, the others a moment later.
    const stack = await vs.rowsWith(STACK, 'STE 0x8');
    const thread = stack.findIndex((row) => row.startsWith('DMA'));
    assert.match(stack[thread], /^DMA PAUSED ON F_TRANSLATION$/i);
    // The pane has room for three frames; the transaction itself is below them.
    assert.deepEqual(
      stack.slice(thread + 1, thread + 4).map((row) => row.split(' ').slice(0, 2).join(' ')),
      ['stage 1', 'CD 0', 'STE 0x8'],
    );
    await vs.shot('fault');
  });

  it('opens the structures of the outer frames', async () => {
    await vs.page.locator(`${STACK} .monaco-list-row`, { hasText: 'STE 0x8' }).click();
    const lines = await vs.editorLines();
    await vs.page.locator('.tab.active', { hasText: 'STE@0x5b660200' }).waitFor();
    assert.ok(lines.length > 0);
    await vs.shot('fault-ste');
  });

  it('answers on the debug console too', async () => {
    await vs.palette('Debug Console: Focus on Debug Console View');
    await vs.page.keyboard.type('help');
    await vs.page.keyboard.press('Enter');
    await vs.page.locator('.repl .monaco-list-row', { hasText: '[ssid=1] [write]' }).first().waitFor();
    await vs.shot('console');
  });
});

describe('inputs that are no good', () => {
  let vs;
  before(async () => {
    const configuration = (name, capture, registers) => ({
      type: 'smmuv3',
      request: 'launch',
      name,
      capture: `\${workspaceFolder}/${capture}`,
      registers: `\${workspaceFolder}/${registers}`,
    });
    const launch = {
      version: '0.2.0',
      configurations: [
        configuration('registers are none', 'linux-basic/small.elf.gz', '.vscode/settings.json'),
        configuration('capture is missing', 'linux-basic/gone.elf', 'linux-basic/regs.json'),
      ],
    };
    vs = await openWorkbench({ files: { '.vscode/launch.json': JSON.stringify(launch) } });
    await vs.activity('Run and Debug');
  });
  after(() => vs?.stop());

  for (const [name, said] of [
    ['registers are none', /settings\.json/],
    ['capture is missing', /gone\.elf/],
  ])
    it(`give one clear sentence: ${name}`, async () => {
      await startSample(vs, name);
      const text = await vs.text('.monaco-dialog-box .dialog-message-container');
      await vs.shot(`bad-${name.replaceAll(' ', '-')}`);
      assert.match(text, said);
      assert.doesNotMatch(text, /\bat \S+:\d+:\d+|undefined|\[object/);
      await vs.page.locator('.monaco-dialog-box .monaco-button', { hasText: 'Cancel' }).click();
      await vs.page.locator('.debug-toolbar').waitFor({ state: 'hidden' });
    });
});

describe('a workspace without configurations', () => {
  let vs;
  before(async () => {
    const launch = { version: '0.2.0', configurations: [] };
    vs = await openWorkbench({ files: { '.vscode/launch.json': JSON.stringify(launch) } });
  });
  after(() => vs?.stop());

  it('offers its memory dumps, and finds the registers beside the chosen one', async () => {
    await vs.activity('Run and Debug');
    await vs.page.locator('.welcome-view-content .monaco-button', { hasText: 'Run and Debug' }).click();
    await vs.pick('Arm SMMUv3');
    await vs.page.locator('.quick-input-title', { hasText: 'which memory dump?' }).waitFor();
    const rows = await vs.rowsWith('.quick-input-list', 'linux-faults');
    assert.deepEqual(rows, [
      'linux-basic/small.elf.gz',
      'linux-faults/small.elf.gz',
      'linux-pending/small.elf.gz',
      'Browse…',
    ]);
    await vs.shot('offered-dumps');
    await vs.pick('linux-faults');
    await vs.expand(VARIABLES, 'Queues');
    await vs.rowsWith(VARIABLES, '256 pending');
  });

  it('opens the event queue with a decoded event a line', async () => {
    await vs.palette('SMMU: Open Queue…');
    const rows = await vs.rowsWith('.quick-input-list', 'EVENTQ ns');
    assert.deepEqual(rows, ['EVENTQ nsEvent Queue, 256 pending', 'CMDQ nsCommand Queue, 0 pending']);
    await vs.pick('EVENTQ ns');
    await vs.page.locator('.tab.active', { hasText: 'eventq.smmuq' }).waitFor();
    await vs.page
      .locator('.view-line', { hasText: /0x9c\s.*pending\s+F_PERMISSION\sStreamID=0x38\siova=0x10100010/ })
      .waitFor();
    await vs.shot('events');
  });
});
