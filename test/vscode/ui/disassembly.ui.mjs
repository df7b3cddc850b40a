import assert from 'node:assert/strict';
import { openWorkbench } from './kit.mjs';
import {
  chooseOf,
  foldPanes,
  oneStory,
  STACK,
  standsAt,
  startSample,
  VARIABLES,
  widenSideBar,
} from './samples.mjs';

const INSTRUCTIONS = '.disassembly-view .monaco-list-row';

describe('the disassembly of a command queue', function () {
  oneStory(this);
  let vs;
  before(async () => {
    vs = await openWorkbench();
    await vs.activity('Run and Debug');
    await widenSideBar(vs);
    await foldPanes(vs, 'Watch');
    await startSample(vs, 'linux-pending: step 16 commands');
    await standsAt(vs, '0x23a9  0x5b723a90  pending   TLBI_NH_VA ASID=1 Address=0xffda1000 Leaf');
  });
  after(() => vs?.stop());

  const instruction = (address) => vs.page.locator(INSTRUCTIONS, { hasText: address }).first();

  it('shows each place of the ring as an instruction, with its bytes', async () => {
    const [, frame] = await vs.rowsWith(STACK, 'TLBI_NH_VA');
    assert.match(frame, /^TLBI_NH_VA ASID=1/);
    await chooseOf(
      vs,
      vs.page.locator(`${STACK} .monaco-list-row`, { hasText: 'TLBI_NH_VA' }).first(),
      'Open Disassembly View',
    );
    await instruction('0x5b723a90').waitFor();
    assert.equal(
      await instruction('0x5b723ab0').getAttribute('aria-label'),
      'Address: 0x5b723ab0, Bytes: 12 00 00 00 00 00 03 00 01 e7 e7 ff 00 00 00 00, ' +
        'Instruction: TLBI_NH_VA ASID=3 Address=0xffe7e000 Leaf TG=4KB TTL=3',
    );
    await instruction('0x5b723a90').locator('.codicon-debug-stackframe').waitFor();
    await vs.shot('disassembly');
  });

  it('takes a breakpoint by a click, and the queue runs to it', async () => {
    await instruction('0x5b723ab0').locator('.monaco-table-td').first().click();
    await instruction('0x5b723ab0').locator('.codicon-debug-breakpoint').waitFor();
    await vs.page.keyboard.press('F5');
    const rows = await vs.rowsWith(VARIABLES, 'CMDQ[0x23ab]');
    assert.ok(rows.includes('operation = CMDQ[0x23ab] TLBI_NH_VA'), rows.join('\n'));
    const stack = await vs.rowsWith(STACK, '0xffe7e000');
    assert.match(stack[0], /^CMDQ ns PAUSED ON CMDQ NS AT 0X5B723AB0$/i);
    await instruction('0x5b723ab0')
      .locator('[class*="codicon-debug-breakpoint-stackframe"], [class*="codicon-debug-stackframe"]')
      .first()
      .waitFor();
    await vs.shot('disassembly-breakpoint');
  });

  it('steps back by instructions', async () => {
    await vs.page.locator('.debug-toolbar .codicon-debug-step-back').click();
    await vs.rowsWith(VARIABLES, 'CMDQ[0x23aa]');
    await vs.shot('disassembly-step-back');
  });
});
