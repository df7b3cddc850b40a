/** A session of the adapter on a script, in a process and a folder of its own for each test. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import type { CustomRequests } from '../../src/adapter/custom-requests.ts';
import { type SpawnedAdapter, spawnAdapter } from './dap.ts';

/** What the tests of a file have of their session. */
export interface ScriptSession {
  readonly adapter: SpawnedAdapter;
  /** Path of the script. */
  readonly program: string;
  ask<Name extends keyof CustomRequests>(
    name: Name,
    args: CustomRequests[Name]['args'],
  ): Promise<CustomRequests[Name]['body']>;
  /** Steps until the program stands at a line (from 1), or at its end. */
  to(line: number): Promise<void>;
}

/** Before each test an adapter starts beside the script; after it, it ends without a complaint. */
export function scriptSession(script: string): ScriptSession {
  let adapter: SpawnedAdapter | undefined;
  let folder = '';
  const programIn = (): string => path.join(folder, 'session.smmu');
  const running = (): SpawnedAdapter => {
    if (!adapter) throw new Error('no test is running');
    return adapter;
  };
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'smmu-session-'));
    writeFileSync(programIn(), script);
    adapter = spawnAdapter();
  });
  afterEach(async () => {
    running().client.close();
    expect(await running().exit).toBe(0);
    expect(running().stderr()).toBe('');
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    get adapter() {
      return running();
    },
    get program() {
      return programIn();
    },
    async ask<Name extends keyof CustomRequests>(name: Name, args: CustomRequests[Name]['args']) {
      const { client } = running();
      return (await client.ask(name, args as Record<string, unknown>)) as CustomRequests[Name]['body'];
    },
    async to(line) {
      const { client } = running();
      for (let at = 0; at < line; ) {
        await client.move('next', 1);
        at = (await client.frames(1))[0]?.line ?? line;
      }
    },
  };
}
