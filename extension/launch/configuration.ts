import path from 'node:path';
import * as vscode from 'vscode';
import { DEBUG_TYPE, SETTINGS } from '../manifest.ts';
import { askForBase, askForRegisters, findRegisters, pickCapture } from './ask.ts';
import { captureFiles, mapCaptureFiles } from './attributes.ts';
import { openProgram, programConfigurations } from './program.ts';

/** Registers the providers: one that resolves every configuration, one that offers the workspace's dumps, scripts and traces. */
export function registerConfigurations(): vscode.Disposable[] {
  const provider = new ConfigurationProvider();
  return [
    vscode.debug.registerDebugConfigurationProvider(DEBUG_TYPE, provider),
    vscode.debug.registerDebugConfigurationProvider(
      DEBUG_TYPE,
      { provideDebugConfigurations: workspaceConfigurations },
      vscode.DebugConfigurationProviderTriggerKind.Dynamic,
    ),
  ];
}

/** Completes a configuration: defaults, absolute paths, and what the user must be asked for. */
class ConfigurationProvider implements vscode.DebugConfigurationProvider {
  async resolveDebugConfiguration(
    folder: vscode.WorkspaceFolder | undefined,
    config: vscode.DebugConfiguration,
  ): Promise<vscode.DebugConfiguration | undefined> {
    const resolved: vscode.DebugConfiguration = {
      ...config,
      type: DEBUG_TYPE,
      request: config.request ?? 'launch',
      name: config.name ?? 'SMMU',
      stopOnEntry: config['stopOnEntry'] ?? true,
    };
    const eyes = viewerWorld(folder);
    if (eyes !== undefined) resolved['viewerWorld'] ??= eyes;
    const program = resolved['program'] ?? (config.type ? undefined : await openProgram());
    if (program !== undefined) {
      resolved['program'] = program;
      if (!config.name) resolved.name = `SMMU: ${path.basename(String(program))}`;
    } else if (resolved['capture'] === undefined || resolved['capture'] === '') {
      const capture = await pickCapture();
      if (capture === undefined) return undefined;
      resolved['capture'] = capture;
      resolved.name = config.name || path.basename(capture);
    }
    return resolved;
  }

  async resolveDebugConfigurationWithSubstitutedVariables(
    folder: vscode.WorkspaceFolder | undefined,
    config: vscode.DebugConfiguration,
  ): Promise<vscode.DebugConfiguration | undefined> {
    return completeCapture(folder, config);
  }
}

/** Whose eyes a session is seen with, by the settings; undefined where nothing is masked. */
function viewerWorld(folder: vscode.WorkspaceFolder | undefined): string | undefined {
  const value = vscode.workspace.getConfiguration(undefined, folder).get<string>(SETTINGS.viewerWorld);
  return value === 'none' ? undefined : value;
}

/**
 * Makes paths absolute and finds or asks for what belongs to the capture.
 * @returns undefined when the user left a question unanswered
 */
async function completeCapture(
  folder: vscode.WorkspaceFolder | undefined,
  config: vscode.DebugConfiguration,
): Promise<vscode.DebugConfiguration | undefined> {
  const absolute = (file: string) =>
    folder && !path.isAbsolute(file) ? path.join(folder.uri.fsPath, file) : file;
  const completed: vscode.DebugConfiguration = {
    ...config,
    capture: mapCaptureFiles(config['capture'], absolute),
  };
  const first = captureFiles(completed['capture'])[0];
  const { registers, program, workspace } = config;
  if (typeof program === 'string') {
    completed['program'] = absolute(program);
    completed['workspace'] = typeof workspace === 'string' ? absolute(workspace) : folderOf(folder, program);
  }
  if (typeof registers === 'string') completed['registers'] = absolute(registers);
  if (!first) return completed;
  if (registers === undefined) {
    const found = (await findRegisters(first.file)) ?? (await askForRegisters(first.file));
    if (found === undefined) return undefined;
    completed['registers'] = found;
  }
  if (typeof completed['capture'] === 'string') {
    const { isRawImage } = await import('./probe.ts');
    if (await isRawImage(first.file)) {
      const base = await askForBase(first.file);
      if (base === undefined) return undefined;
      completed['capture'] = { file: first.file, base };
    }
  }
  return completed;
}

/** Where the files of a program may lie: its workspace folder; undefined leaves it to the adapter. */
function folderOf(folder: vscode.WorkspaceFolder | undefined, program: string): string | undefined {
  const of = folder ?? vscode.workspace.getWorkspaceFolder(vscode.Uri.file(program));
  return of && isInside(of.uri.fsPath, path.resolve(of.uri.fsPath, program)) ? of.uri.fsPath : undefined;
}

function isInside(folder: string, file: string): boolean {
  const way = path.relative(folder, file);
  return way !== '' && !way.startsWith('..') && !path.isAbsolute(way);
}

/** A ready configuration for each dump that has its registers beside it, and for each script and trace. */
async function workspaceConfigurations(
  folder: vscode.WorkspaceFolder | undefined,
): Promise<vscode.DebugConfiguration[]> {
  if (!folder) return [];
  const pattern = new vscode.RelativePattern(
    folder,
    '**/{*.elf,*.elf.gz,*.elf.zst,*.core,*.core.gz,vmcore,*.vmcore}',
  );
  const found = await vscode.workspace.findFiles(pattern, '**/node_modules/**', 20);
  const configurations = await Promise.all(
    found.map(async ({ fsPath }): Promise<vscode.DebugConfiguration | null> => {
      const registers = await findRegisters(fsPath);
      if (registers === null) return null;
      const inFolder = (file: string) =>
        `\${workspaceFolder}/${path.relative(folder.uri.fsPath, file).split(path.sep).join('/')}`;
      return {
        type: DEBUG_TYPE,
        request: 'launch',
        name: `SMMU: ${path.relative(folder.uri.fsPath, fsPath)}`,
        capture: inFolder(fsPath),
        registers: inFolder(registers),
      };
    }),
  );
  return [...configurations.filter((entry) => entry !== null), ...(await programConfigurations(folder))];
}
