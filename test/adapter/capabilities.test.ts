/** What is declared is what works, and nothing that a client sends ends a session. */

import type { DebugProtocol } from '@vscode/debugprotocol';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { HANDLERS } from '../../src/adapter/requests/index.ts';
import { type Inline, inlineAdapter } from '../kit/inline.ts';
import { fixture } from '../kit/machine.ts';
import { Random } from '../kit/random.ts';

let adapter: Inline;
beforeEach(() => {
  adapter = inlineAdapter();
});
afterEach(() => adapter.client.close());

/** What this debugger promises, by the names of the protocol. */
const PROMISED = [
  'supportsStepBack',
  'supportsReadMemoryRequest',
  'supportsWriteMemoryRequest',
  'supportsDisassembleRequest',
  'supportsInstructionBreakpoints',
  'supportsSteppingGranularity',
  'supportsDataBreakpoints',
  'supportsDataBreakpointBytes',
  'supportsFunctionBreakpoints',
  'supportsConditionalBreakpoints',
  'supportsHitConditionalBreakpoints',
  'supportsLogPoints',
  'exceptionBreakpointFilters',
  'supportsExceptionFilterOptions',
  'supportsExceptionInfoRequest',
  'supportsCompletionsRequest',
  'completionTriggerCharacters',
  'supportsSetVariable',
  'supportsSetExpression',
  'supportsEvaluateForHovers',
  'supportsGotoTargetsRequest',
  'supportsStepInTargetsRequest',
  'supportsRestartFrame',
  'supportsRestartRequest',
  'supportsTerminateRequest',
  'supportSuspendDebuggee',
  'supportTerminateDebuggee',
  'supportsModulesRequest',
  'additionalModuleColumns',
  'supportsLoadedSourcesRequest',
  'supportsBreakpointLocationsRequest',
  'supportsCancelRequest',
  'supportsClipboardContext',
  'supportsANSIStyling',
  'supportsValueFormattingOptions',
  'supportsDelayedStackTraceLoading',
  'supportsConfigurationDoneRequest',
];

test('the declared capabilities are these, and no others', async () => {
  const body = await adapter.client.ask<DebugProtocol.Capabilities>('initialize');
  expect(Object.keys(body).sort()).toEqual([...PROMISED].sort());
  expect(Object.values(body).filter((value) => value === false)).toEqual([]);
});

test('each request that a capability stands for is answered', () => {
  for (const request of [
    'stepBack',
    'reverseContinue',
    'readMemory',
    'writeMemory',
    'disassemble',
    'setInstructionBreakpoints',
    'dataBreakpointInfo',
    'setDataBreakpoints',
    'setFunctionBreakpoints',
    'exceptionInfo',
    'completions',
    'setVariable',
    'setExpression',
    'gotoTargets',
    'goto',
    'stepInTargets',
    'restartFrame',
    'restart',
    'terminate',
    'modules',
    'loadedSources',
    'breakpointLocations',
    'cancel',
  ]) {
    expect(Object.hasOwn(HANDLERS, request), request).toBe(true);
  }
});

test('modules name the SMMU and its images, in parts on request', async () => {
  const { client } = adapter;
  const { capture } = fixture('linux-basic');
  await client.launch(fixture('linux-basic'));
  expect(await client.ask('modules')).toMatchObject({
    totalModules: 2,
    modules: [
      { id: 'smmu', version: 'SMMUv3.1' },
      {
        name: 'small.elf.gz',
        path: capture,
        addressRange: '0x42df0000-0x5b800fff',
        space: 'ns',
        format: /ELF64/,
      },
    ].map((module) =>
      expect.objectContaining({
        ...module,
        ...('format' in module ? { format: expect.stringMatching(/ELF64 core/) } : {}),
      }),
    ),
  });
  const part = await client.ask<{ modules: unknown[] }>('modules', { startModule: 1, moduleCount: 5 });
  expect(part.modules).toHaveLength(1);
});

test.each([[{ terminateDebuggee: true }], [{ suspendDebuggee: true }], [{ terminateDebuggee: false }], [{}]])(
  'a disconnect with %o leaves nothing running',
  async (args) => {
    const { client, session } = adapter;
    await client.launch(fixture('linux-pending'));
    const { debuggee } = session;
    await client.ask('continue', { threadId: 1 });
    await client.ask('disconnect', args);
    expect(debuggee.running).toBe(false);
    expect(session.launched).toBe(false);
    const events = client.messages.length;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(client.messages).toHaveLength(events);
  },
);

test('a variable that opens, can be set, or cannot, says so', async () => {
  const { client } = adapter;
  await client.launch(fixture('linux-basic'));
  await client.evaluate('translate sid=8 iova=0x1000');
  const [config] = (await client.variables(2, 'STE')).filter(({ name }) => name === 'Config');
  expect(config?.presentationHint).toEqual({ kind: 'data' });
  const [position] = (await client.variables(2, 'Current step')).filter(({ name }) => name === 'position');
  expect(position?.presentationHint).toEqual({ kind: 'virtual', attributes: ['readOnly'] });
});

test('a client that introduces itself has no breakpoints of another one', async () => {
  const { client, session } = adapter;
  await client.launch({ ...fixture('linux-pending'), enableQueue: true });
  const source = { path: 'smmu:/linux-pending-small.elf.gz/ns/cmdq.smmuq' };
  await client.ask('setBreakpoints', { source, breakpoints: [{ line: 112 }] });
  await client.ask('setFunctionBreakpoints', { breakpoints: [{ name: 'SYNC' }] });
  await client.ask('initialize');
  expect(session.sources.size).toBe(0);
  expect(await client.move('continue', 1)).toMatchObject({ reason: 'pause', text: 'nothing pending' });
});

const NONSENSE: readonly unknown[] = [
  undefined,
  null,
  -1,
  0,
  1,
  2.5,
  1e300,
  Number.NaN,
  '',
  'x',
  '0x10',
  true,
  [],
  [1],
  {},
  { line: -5 },
  { path: 7 },
  { path: 'smmu:/a/ns/cmdq.smmuq' },
];
const NAMES = [
  'threadId',
  'frameId',
  'variablesReference',
  'name',
  'value',
  'expression',
  'context',
  'format',
  'memoryReference',
  'offset',
  'count',
  'data',
  'allowPartial',
  'instructionOffset',
  'instructionCount',
  'source',
  'sourceReference',
  'line',
  'targetId',
  'granularity',
  'startFrame',
  'levels',
  'text',
  'column',
  'breakpoints',
  'filters',
  'start',
  'filter',
  'to',
  'uri',
  'id',
  'requestId',
  'world',
  'startModule',
  'moduleCount',
  'dataId',
  'asAddress',
  'bytes',
] as const;
const LEFT_OUT = new Set([
  'launch',
  'attach',
  'restart',
  'terminate',
  'disconnect',
  'initialize',
  'configurationDone',
  'continue',
  'reverseContinue',
]);

test('nonsense gets a refusal in a sentence, and the session goes on', async () => {
  const { client } = adapter;
  await client.launch(fixture('linux-basic'));
  await client.evaluate('translate sid=8 iova=0x1000');
  const random = new Random(4);
  const commands = [
    ...Object.keys(HANDLERS).filter((name) => !LEFT_OUT.has(name)),
    'noSuchRequest',
    'toString',
  ];
  const seen: string[] = [];
  for (let i = 0; i < 1500; i++) {
    const args: Record<string, unknown> = {};
    for (let k = random.below(5); k > 0; k--) {
      args[NAMES[random.below(NAMES.length)] as string] = NONSENSE[random.below(NONSENSE.length)];
    }
    const command = commands[random.below(commands.length)] as string;
    const response = await client.response(client.post(command, args));
    if (response.success !== true) seen.push(`${command} ${JSON.stringify(args)}: ${response.message}`);
  }
  expect(seen.filter((text) => /internal error|\n\s+at /.test(text))).toEqual([]);
  expect(seen.length).toBeGreaterThan(100);
  expect(await client.evaluate('ste(8).V')).toMatch(/^[01]/);
}, 60_000);
