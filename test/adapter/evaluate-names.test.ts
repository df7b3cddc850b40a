/** Every variable that names an expression is what that expression comes to. */

import type { DebugProtocol } from '@vscode/debugprotocol';
import { expect, test } from 'vitest';
import { spawnAdapter } from '../kit/dap.ts';
import { fixture } from '../kit/machine.ts';

const CMDQ = 1;
/** Of each list so many are looked at, and so deep. */
const FIRST = 8;
const DEEP = 4;

test('expressions of variables come to their values, records of events included', async () => {
  const adapter = spawnAdapter();
  const { client } = adapter;
  await client.launch({ ...fixture('linux-faults'), enableQueue: true });
  const [frame] = await client.frames(CMDQ);
  const frameId = frame?.id;
  const { scopes } = await client.ask<DebugProtocol.ScopesResponse['body']>('scopes', { frameId });
  let asked = 0;
  let events = 0;
  const look = async (variablesReference: number, depth: number): Promise<void> => {
    const body = await client.ask<DebugProtocol.VariablesResponse['body']>('variables', {
      variablesReference,
      start: 0,
      count: FIRST,
    });
    for (const { name, value, evaluateName, variablesReference: inner } of body.variables.slice(0, FIRST)) {
      if (evaluateName !== undefined && inner === 0) {
        const answer = await client.ask<DebugProtocol.EvaluateResponse['body']>('evaluate', {
          expression: evaluateName,
          frameId,
          context: 'watch',
        });
        expect(answer.result, evaluateName).toBe(value);
        asked++;
        if (name === 'EventNumber') events++;
      }
      if (inner > 0 && depth < DEEP) await look(inner, depth + 1);
    }
  };
  for (const { variablesReference } of scopes) await look(variablesReference, 0);
  expect(asked).toBeGreaterThan(100);
  expect(events).toBeGreaterThan(FIRST);
  client.close();
  expect(await adapter.exit).toBe(0);
});
