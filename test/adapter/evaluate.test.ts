/** Expressions and commands of the console, completions, and how values are written for a client. */

import type { DebugProtocol } from '@vscode/debugprotocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Debuggee } from '../../src/adapter/debuggee.ts';
import { readLaunch } from '../../src/adapter/inputs.ts';
import { type Inline, inlineAdapter } from '../kit/inline.ts';
import { fingerprint, fixture } from '../kit/machine.ts';
import { TestSmmu } from '../kit/smmu.ts';
import { identity, NESTED_STE } from '../kit/stage2.ts';
import { map } from '../kit/tables.ts';

const DMA = 2;
const FAULTING = 'translate sid=8 iova=0x1000';

let adapter: Inline;
beforeEach(() => {
  adapter = inlineAdapter();
});
afterEach(() => adapter.client.close());

type Answer = DebugProtocol.EvaluateResponse['body'];

async function atFault(client: Record<string, unknown> = {}): Promise<void> {
  await adapter.client.launch(fixture('linux-basic'), { client });
  await adapter.client.evaluate(FAULTING);
  await adapter.client.stopped();
}

const ask = (expression: string, more: object = {}): Promise<Answer> =>
  adapter.client.ask<Answer>('evaluate', { expression, context: 'repl', ...more });

describe('expressions', () => {
  test.each([
    ['ste(8).S1ContextPtr', '0x48119000'],
    ['ste( 8 ).Config', '5 (stage 1 only)'],
    ['cd(8, 0).ASID', '3'],
    ['cd(ste(8).S1CDMax + 8).ASID', '3'],
    ['cd(8).TTB0 + 0x10', '0x4811a010'],
    ['ste(8).Config == 5 && reg.ns.CR0.SMMUEN', 'true'],
    ['reg.CR0', '0xd'],
    ['reg.ns.CR0.SMMUEN', '1'],
    ['mem(0x5b660200)', '0x000000004811900b'],
    ['at(STE, 0x5b660200).Config', '5 (stage 1 only)'],
    ['at(STE, 0x5b660200).Config + 1', '6'],
    ['(1 << 12) - 1', '0xfff'],
    ['4K * 2', '0x2000'],
  ])('%s is %s', async (expression, value) => {
    await adapter.client.launch(fixture('linux-basic'));
    expect(await adapter.client.evaluate(expression)).toBe(value);
  });

  test('see the names of the selected frame first, then those around it', async () => {
    await atFault();
    const frames = await adapter.client.frames(DMA);
    const inFrame = (expression: string, i: number): Promise<Answer> =>
      ask(expression, { frameId: frames[i]?.id });
    expect((await ask('sid + 1')).result).toBe('9');
    expect((await ask('Config')).result).toBe('5 (stage 1 only)');
    expect((await ask('ASID')).result).toBe('3');
    const stream = frames.findIndex(({ name }) => name.startsWith('STE'));
    expect((await inFrame('Config', stream)).result).toBe('5 (stage 1 only)');
    // What lies further in is known to the operation as a number.
    expect((await inFrame('ASID', stream)).result).toBe('3');
    expect((await ask('STE.S1ContextPtr')).memoryReference).toBe('0x48119000');
    expect((await ask('CD')).variablesReference).toBeGreaterThan(0);
    expect((await ask('event')).result).toBe('F_TRANSLATION');
  });

  test.each([
    ['frobnicate', /"frobnicate" is no command here, and no name that is known; try help/],
    ['translte', /did you mean translate/],
    ['ste(0x10000)', /has no STE: it is not below 2\^16/],
    ['ste(8).Confi', /there is no Confi; it has address, V, Config/],
    ['ste(event)', /needs numbers below 2\^32|is no command|not known/],
    ['at(NOTHING, 0)', /not known|names no structure/],
    ['at(STE, 3)', /names no structure; write at\(STE/],
    ['mem(1)', /names no memory/],
    ['mem(0x1000)', /is not in the image/],
    ['1 +', /is no expression/],
    ['ste(8', /is no expression/],
    ['1 / 0', /divides by zero/],
    ['reg.ns.NOPE', /there is no register/],
    ['a b c', /no command here/],
  ])('%s is refused with a hint', async (expression, sentence) => {
    await adapter.client.launch(fixture('linux-basic'));
    await expect(adapter.client.evaluate(expression)).rejects.toThrow(sentence);
  });

  test('a look changes nothing, and what changes something is refused', async () => {
    await atFault();
    const { smmu, debugger: control } = adapter.session.debuggee;
    const before = fingerprint(smmu);
    for (const context of ['hover', 'watch', 'clipboard', 'variables']) {
      await ask(FAULTING, { context });
      await ask('ste(8)', { context });
      await ask('history', { context });
      for (const changing of ['again', 'back 0', 'find pa=0x1000']) {
        await expect(ask(changing, { context })).rejects.toThrow('a look changes nothing');
      }
    }
    expect(fingerprint(smmu)).toBe(before);
    expect(control.history.length).toBe(0);
  });
});

describe('commands', () => {
  test('maps lists what a stream maps, and opens to the runs', async () => {
    await adapter.client.launch(fixture('linux-basic'));
    const answer = await ask('maps sid=8');
    const [head, first] = answer.result.split('\n');
    expect(head).toMatch(/^TTB0 0x4811a000, stage 1, ASID 3: \d+ leaves/);
    expect(first).toMatch(/^ {2}0x[0-9a-f]+-0x[0-9a-f]+ -> 0x[0-9a-f]+ {2}.* [r-][w-][x-]$/);
    const [tables] = await adapter.client.children(answer.variablesReference);
    const runs = await adapter.client.ask<DebugProtocol.VariablesResponse['body']>('variables', {
      variablesReference: tables?.variablesReference,
      filter: 'indexed',
      start: 0,
      count: 2,
    });
    expect(runs.variables).toHaveLength(2);
    expect(runs.variables[0]?.value).toBe(first?.trim());
    await expect(ask('maps sid=1')).rejects.toThrow('uses no translation tables');
    await expect(ask('maps')).rejects.toThrow('write maps sid=8');
  });

  test('find says who maps a physical address, and translating there agrees', async () => {
    await adapter.client.launch(fixture('linux-basic'));
    const { result } = await ask('find pa=0x480eb204');
    const [, iova] = /^StreamID 0x8, 0x9 TTB0: IOVA (0x[0-9a-f]+) -> 0x480eb204 rw/.exec(result) ?? [];
    expect(iova).toBe('0xffffb204');
    expect((await ask(`translate sid=8 iova=${iova}`)).result).toContain('PA 0x480eb204');
    expect((await ask('find pa=0x1000')).result).toBe('nobody maps PA 0x1000');
    await expect(ask('find pa=0x100000000000000')).rejects.toThrow('is not a number; write find pa=');
  });

  test('find names the IPA that stage 2 takes, where both stages translate', async () => {
    const m = new TestSmmu();
    m.ste({ ...NESTED_STE });
    m.cd({ ASID: 5 });
    identity(m);
    map(m, { iova: 0x1000n, pa: 0x42340000n });
    const machine = { smmu: m.smmu, program: null, description: '', warnings: [], close: () => {} };
    const inputs = readLaunch({ capture: 'x', registers: 'y' });
    const { session } = adapter;
    session.attach(new Debuggee(inputs, machine, session.host.clock));
    expect(m.dma(0x1004).outcome).toMatchObject({ result: 'ok', pa: 0x42340004 });
    const { result } = await ask('find pa=0x42340004');
    expect(result).toMatch(/^StreamID 0x8 S2TTB: IPA 0x42340004 -> 0x42340004 rwx, in 0x0-0x7fffffff/);
  });

  test('again runs the last transaction on what is there now', async () => {
    await adapter.client.launch(fixture('linux-basic'), { filters: [] });
    await expect(ask('again')).rejects.toThrow('there is no transaction to run again');
    expect((await ask(FAULTING)).result).toMatch(/^fault: F_TRANSLATION/);
    expect((await ask('again')).result).toMatch(/^fault: F_TRANSLATION/);
    expect((await ask('again step')).result).toBe('stopped: before the first step');
    await expect(ask('again now')).rejects.toThrow('is not understood');
  });

  test('help names every command', async () => {
    await adapter.client.launch(fixture('linux-basic'));
    const { result } = await ask('help');
    for (const name of [
      'translate',
      'again',
      'why',
      'reg',
      'ste',
      'cd',
      'maps',
      'find',
      'history',
      'back',
      'help',
    ]) {
      expect(result).toMatch(new RegExp(`^${name}\\b`, 'm'));
    }
  });

  test('a request in the queue is cancelled before it is handled', async () => {
    await adapter.client.launch(fixture('linux-basic'));
    const { client } = adapter;
    const first = client.post('evaluate', { expression: 'find pa=0x1000', context: 'repl' });
    const second = client.post('evaluate', { expression: 'again', context: 'repl' });
    const cancel = client.post('cancel', { requestId: second });
    expect(await client.response(second)).toMatchObject({ success: false, message: 'cancelled' });
    expect((await client.response(cancel)).success).toBe(true);
    expect((await client.response(first)).success).toBe(true);
    expect((await client.response(client.post('cancel', { requestId: 12_345 }))).success).toBe(true);
  });

  test('a search under way is cancelled', async () => {
    await adapter.client.launch(fixture('linux-basic'));
    const { client, session } = adapter;
    // A clock that is late at every look makes the search give way each time.
    const { clock } = session.host;
    let now = 0;
    const late = { now: () => (now += 60), breathe: () => clock.breathe() };
    Object.defineProperty(session.host, 'clock', { value: late });
    const search = client.post('evaluate', { expression: 'find pa=0x1000', context: 'repl' });
    await new Promise((resolve) => setImmediate(resolve));
    client.post('cancel', { requestId: search });
    expect(await client.response(search)).toMatchObject({ success: false, message: 'cancelled' });
    expect(await client.evaluate('1 + 1')).toBe('2');
  });
});

describe('completions', () => {
  const labels = async (text: string, column = text.length + 1): Promise<string[]> =>
    (
      await adapter.client.ask<DebugProtocol.CompletionsResponse['body']>('completions', { text, column })
    ).targets.map(({ label }) => label);

  test('offer fields, registers, functions, mnemonics and names of the frame', async () => {
    await atFault();
    expect(await labels('ste(8).S1C')).toEqual(['S1ContextPtr', 'S1CDMax', 'S1CIR', 'S1COR', 'S1CSH']);
    expect(await labels('1 + cd(8, 1).ASI')).toEqual(['ASID']);
    expect(await labels('at(STE, 0x40).Conf')).toEqual(['Config']);
    expect(await labels('reg.ns.CR0A')).toEqual(['CR0ACK']);
    expect(await labels('reg.CR0.SMMU')).toEqual(['SMMUEN']);
    expect(await labels('TLBI_NH_V')).toEqual(['TLBI_NH_VA', 'TLBI_NH_VAA']);
    expect(await labels('F_TRANSL')).toEqual(expect.arrayContaining(['F_TRANSLATION']));
    expect(await labels('S1Context')).toEqual(['S1ContextPtr']);
    expect(await labels('')).toEqual(expect.arrayContaining(['translate', 'find', 'ste(', 'Config']));
  });

  test('replace only what stands before the cursor', async () => {
    await atFault();
    const body = await adapter.client.ask<DebugProtocol.CompletionsResponse['body']>('completions', {
      text: 'ste(8).S1Con + 1',
      column: 13,
    });
    expect(body.targets).toEqual([{ label: 'S1ContextPtr', type: 'field', start: 8, length: 5 }]);
  });

  test('never fail, whatever stands there', async () => {
    await atFault();
    for (const text of ['((((', '.', 'reg.', 'at(', 'ste(8).', '\u{1f600}', 'maps ', 'a.b.c.']) {
      expect(Array.isArray(await labels(text))).toBe(true);
    }
    expect(Array.isArray(await labels('ste', 99))).toBe(true);
    expect(Array.isArray(await labels('ste', -5))).toBe(true);
  });
});

describe('values', () => {
  test('are in hexadecimal on request, in every answer that has them', async () => {
    await atFault();
    const { client } = adapter;
    const format = { hex: true };
    expect((await ask('ste(8).Config', { format })).result).toBe('0x5 (stage 1 only)');
    const set = await client.ask('setExpression', { expression: 'cd(8).ASID', value: '9', format });
    expect(set).toMatchObject({ value: '0x9' });
    const { scopes } = await client.ask<DebugProtocol.ScopesResponse['body']>('scopes', {
      frameId: (await client.frames(DMA))[0]?.id,
    });
    const ste = scopes.find(({ name }) => name === 'STE')?.variablesReference;
    const body = { variablesReference: ste, format };
    const { variables } = await client.ask<DebugProtocol.VariablesResponse['body']>('variables', body);
    expect(variables.find(({ name }) => name === 'Config')?.value).toBe('0x5 (stage 1 only)');
    const setVariable = { variablesReference: ste, name: 'Config', value: '4', format };
    expect(await client.ask('setVariable', setVariable)).toMatchObject({ value: '0x4 (bypass both stages)' });
  });

  test('frames have their line in the name on request, and come in parts', async () => {
    await atFault();
    const { client } = adapter;
    const body = (args: object) =>
      client.ask<DebugProtocol.StackTraceResponse['body']>('stackTrace', { threadId: DMA, ...args });
    const all = await body({});
    const part = await body({ startFrame: 1, levels: 2, format: { line: true } });
    expect(part.totalFrames).toBe(all.stackFrames.length);
    expect(part.stackFrames.map(({ name }) => name)).toEqual(
      all.stackFrames.slice(1, 3).map(({ name, line }) => `${name} line ${line}`),
    );
    expect((await body({ startFrame: 99 })).stackFrames).toEqual([]);
  });

  test('go to the clipboard whole and plain', async () => {
    await atFault({ supportsANSIStyling: true });
    const { result, variablesReference } = await ask('ste(8)', { context: 'clipboard' });
    expect(variablesReference).toBe(0);
    expect(result.split('\n').slice(0, 3)).toEqual([
      'STE 0x8 at PA 0x5b660200 (ns)',
      'address = 0x5b660200 (ns)',
      'V = 1 (valid)',
    ]);
    expect(result).not.toContain('\u001b');
  });

  test('are coloured on the console of a client that shows colours, and nowhere else', async () => {
    await atFault({ supportsANSIStyling: true });
    expect((await ask('again')).result).toBe('stopped: \u001b[31mF_TRANSLATION\u001b[0m');
    expect((await ask('ste(8)')).result).toContain('\u001b[36m0x5b660200\u001b[0m');
    for (const context of ['watch', 'hover', undefined]) {
      expect((await ask('ste(8)', { context })).result).not.toContain('\u001b');
    }
    await adapter.client.ask('setExpression', { expression: 'ste(8).Config', value: '4' });
    const outputs = adapter.client.messages.filter(({ event }) => event === 'output');
    expect(JSON.stringify(outputs.at(-1)?.body)).toContain('\\u001b[31mF_TRANSLATION');
  });

  test('are plain for a client that says nothing of colours', async () => {
    await atFault();
    expect((await ask('again')).result).toBe('stopped: F_TRANSLATION');
    await adapter.client.ask('setExpression', { expression: 'ste(8).Config', value: '4' });
    expect(JSON.stringify(adapter.client.messages)).not.toContain('\\u001b');
  });
});
