/** What a session debugs, opened under Node: a capture, a script, or a trace log. */

import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { sizeText } from '../bits/size-text.ts';
import { UserError } from '../bits/user-error.ts';
import type { CaptureHost } from '../capture/format.ts';
import { openMachine } from '../capture/machine.ts';
import type { CaptureSpec } from '../capture/place.ts';
import type { Program } from '../control/program.ts';
import { ScriptProgram } from '../control/script/execute/program.ts';
import { openScript } from '../control/script/execute/script.ts';
import { freeRam } from '../control/script/machine.ts';
import { machineFor } from '../control/script/run.ts';
import { isTrace } from '../control/trace/event.ts';
import { TraceProgram } from '../control/trace/program.ts';
import { traceMachine } from '../control/trace/run.ts';
import { DEFAULT_CACHES, type LaunchInputs, type OpenedMachine } from './inputs.ts';
import { nodeScripts, readScript } from './node-scripts.ts';

/** Where files lie, and how opening them is watched and cancelled. */
export type FileHost = CaptureHost & { readonly directory: string; readonly signal: AbortSignal };

/** A text is held in memory as a whole. */
const LARGEST_TRACE = 256 * 2 ** 20;
export const SCRIPT_EXTENSION = '.smmu';
const GZIP = [0x1f, 0x8b] as const;

type Machine = Omit<OpenedMachine, 'program'>;

/** Opens a capture with its registers. */
export async function openCaptured(inputs: LaunchInputs, host: FileHost): Promise<Machine> {
  const { capture, registers, ram, smmu: configuration, caches = DEFAULT_CACHES } = inputs;
  const machine = await openMachine(
    // Their reader judges what these really are.
    { capture: capture as CaptureSpec, registers: registers as string, ram, smmu: configuration, caches },
    host,
  );
  const { smmu, warnings } = machine;
  return { smmu, warnings, description: machine.capture.description, close: () => machine.close() };
}

/**
 * Opens a script or a trace log with the machine that it runs on.
 * @throws UserError when it is neither, or cannot be read
 */
export function openProgram(inputs: LaunchInputs, named: string, host: FileHost): Promise<OpenedMachine> {
  const file = path.resolve(host.directory, named);
  return path.extname(file) === SCRIPT_EXTENSION
    ? openScriptFile(inputs, file, host)
    : Promise.resolve(openTraceFile(inputs, file));
}

async function openScriptFile(inputs: LaunchInputs, file: string, host: FileHost): Promise<OpenedMachine> {
  const { caches = DEFAULT_CACHES, only, smmu: configuration } = inputs;
  const workspace = path.resolve(host.directory, inputs.workspace ?? path.dirname(file));
  const files = nodeScripts(workspace, { caches, signal: host.signal });
  const script = await openScript(readScript(file), file, files);
  const description = `script ${path.basename(file)}`;
  const run = (machine: Machine, program: Program): OpenedMachine => ({ ...machine, program, description });
  if (inputs.capture !== undefined) {
    if (script.machineLine) {
      throw new UserError(
        `line ${script.machineLine.statement.line} names a machine, and so does "capture"`,
        {
          where: file,
          todo: 'leave one of them out',
        },
      );
    }
    const machine = await openCaptured(inputs, host);
    const { smmu } = machine;
    return run(machine, new ScriptProgram(script, smmu, freeRam(smmu), { only }));
  }
  const { smmu, allocation, close } = await machineFor(script, files, {
    caches,
    preset: configuration.preset,
  });
  return run(
    { smmu, warnings: [], description, close },
    new ScriptProgram(script, smmu, allocation, { only }),
  );
}

function openTraceFile(inputs: LaunchInputs, file: string): OpenedMachine {
  const text = readTrace(file);
  const smmu = traceMachine(text, inputs.caches);
  return {
    smmu,
    program: new TraceProgram(smmu, text, file),
    description: `trace ${path.basename(file)}, on what the trace itself quotes`,
    warnings:
      inputs.capture === undefined ? [] : ['capture: a trace is never held against a dump of another moment'],
    close: () => undefined,
  };
}

/**
 * Reads a trace log, which may be compressed by gzip.
 * @throws UserError when it is none
 */
export function readTrace(file: string): string {
  const text = readText(file);
  if (isTrace(text)) return text;
  throw new UserError('is neither a script nor a trace log', {
    where: file,
    todo: `a script ends in ${SCRIPT_EXTENSION}; a trace is the log of QEMU's option -trace "smmu*"`,
  });
}

function readText(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (!stat?.isFile()) throw new UserError('there is no such file', { where: file });
  const tooLarge = new UserError(`is larger than ${sizeText(LARGEST_TRACE)}`, {
    where: file,
    todo: 'cut the part that matters out of it',
  });
  if (stat.size > LARGEST_TRACE) throw tooLarge;
  const bytes = readFileSync(file);
  if (bytes[0] !== GZIP[0] || bytes[1] !== GZIP[1]) return bytes.toString('latin1');
  try {
    return gunzipSync(bytes, { maxOutputLength: LARGEST_TRACE }).toString('latin1');
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge;
    throw new UserError('is a damaged gzip file', { where: file });
  }
}
