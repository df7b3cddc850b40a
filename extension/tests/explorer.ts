import path from 'node:path';
import * as vscode from 'vscode';
import { SCRIPT_GLOB, TESTS } from '../manifest.ts';
import { scriptConfiguration } from './configuration.ts';
import { testsOf } from './list.ts';
import type { RunScriptTests, ScriptFailure } from './run.ts';

const EXCLUDED = '**/node_modules/**';

/**
 * The scripts of the workspace in the Test Explorer: each an item, and each of its test blocks one below it.
 * @param run runs one script or one of its tests
 */
export function registerScriptTests(run: RunScriptTests): vscode.Disposable {
  const controller = vscode.tests.createTestController(TESTS, 'SMMU Scripts');
  const watchers: vscode.Disposable[] = [];
  const { Run, Debug } = vscode.TestRunProfileKind;

  async function read(uri: vscode.Uri): Promise<void> {
    const item =
      controller.items.get(uri.toString()) ?? controller.createTestItem(uri.toString(), nameOf(uri), uri);
    controller.items.add(item);
    try {
      list(item, uri, await textOf(uri));
    } catch {
      // It went away in the meantime.
      controller.items.delete(item.id);
    }
  }

  function list(item: vscode.TestItem, uri: vscode.Uri, text: string): void {
    const seen = new Map<string, number>();
    const children = testsOf(text).map(({ name, line }) => {
      const again = seen.get(name) ?? 0;
      seen.set(name, again + 1);
      const id = again === 0 ? name : `${name} (${again + 1})`;
      const child = controller.createTestItem(id, name, uri);
      child.range = new vscode.Range(line - 1, 0, line - 1, 0);
      if (again > 0) child.error = `There is another test of this name: tests are told apart by their names.`;
      return child;
    });
    item.children.replace(children);
  }

  async function find(): Promise<void> {
    const found = await vscode.workspace.findFiles(SCRIPT_GLOB, EXCLUDED);
    const known = new Set(found.map(String));
    controller.items.forEach(({ id }) => {
      if (!known.has(id)) controller.items.delete(id);
    });
    await Promise.all(found.map(read));
  }

  function watch(): void {
    const watcher = vscode.workspace.createFileSystemWatcher(SCRIPT_GLOB);
    const isOpen = vscode.workspace.onDidChangeTextDocument(({ document }) => {
      const item = controller.items.get(document.uri.toString());
      if (item) list(item, document.uri, document.getText());
    });
    watcher.onDidCreate(read);
    watcher.onDidChange(read);
    watcher.onDidDelete((uri) => controller.items.delete(uri.toString()));
    watchers.push(watcher, isOpen);
  }

  /** What is to be run: tests, and scripts that have none. */
  function leaves(request: vscode.TestRunRequest): readonly vscode.TestItem[] {
    const excluded = new Set(request.exclude);
    const below = (item: vscode.TestItem): readonly vscode.TestItem[] => {
      if (excluded.has(item)) return [];
      if (item.children.size === 0) return [item];
      return [...item.children].flatMap(([, child]) => below(child));
    };
    const chosen = request.include ?? [...controller.items].map(([, item]) => item);
    return [...new Set(chosen.flatMap(below))];
  }

  async function runAll(request: vscode.TestRunRequest, token: vscode.CancellationToken): Promise<void> {
    const items = leaves(request);
    const running = controller.createTestRun(request);
    const stop = new AbortController();
    const cancelling = token.onCancellationRequested(() => stop.abort());
    for (const item of items) running.enqueued(item);
    try {
      for (const item of items) {
        if (token.isCancellationRequested) running.skipped(item);
        else await runOne(item, running, stop.signal);
      }
    } finally {
      cancelling.dispose();
      running.end();
    }
  }

  async function runOne(item: vscode.TestItem, running: vscode.TestRun, signal: AbortSignal): Promise<void> {
    const { uri } = item;
    if (!uri) return;
    await saved(uri);
    running.started(item);
    const begin = performance.now();
    try {
      const { tests, output } = await run(
        { file: uri.fsPath, workspace: workspaceOf(uri), ...onlyOf(item) },
        signal,
      );
      if (output !== '') running.appendOutput(output.replace(/\r?\n/g, '\r\n'), undefined, item);
      const ms = performance.now() - begin;
      const failures = tests.flatMap((test) => test.failures);
      if (signal.aborted) running.skipped(item);
      else if (failures.length === 0) running.passed(item, ms);
      else running.failed(item, failures.map(messageOf), ms);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      if (signal.aborted) running.skipped(item);
      else running.errored(item, new vscode.TestMessage(text), performance.now() - begin);
    }
  }

  async function debugAll(request: vscode.TestRunRequest): Promise<void> {
    const [item] = leaves(request);
    if (!item?.uri) return;
    await saved(item.uri);
    const folder = vscode.workspace.getWorkspaceFolder(item.uri);
    await vscode.debug.startDebugging(folder, scriptConfiguration(item.uri.fsPath, onlyOf(item).only));
  }

  controller.resolveHandler = async (item) => {
    if (item?.uri) return read(item.uri);
    if (watchers.length === 0) watch();
    return find();
  };
  controller.refreshHandler = find;
  controller.createRunProfile('Run', Run, runAll, true);
  controller.createRunProfile('Debug', Debug, debugAll, true);
  return new vscode.Disposable(() => {
    for (const one of watchers) one.dispose();
    controller.dispose();
  });
}

/** A test runs as its editor shows it. */
async function saved(uri: vscode.Uri): Promise<void> {
  await vscode.workspace.textDocuments.find((document) => document.uri.toString() === uri.toString())?.save();
}

function onlyOf(item: vscode.TestItem): { readonly only?: string } {
  return item.parent ? { only: item.label } : {};
}

/** Folder that the paths of a script may not leave. */
function workspaceOf(uri: vscode.Uri): string {
  return vscode.workspace.getWorkspaceFolder(uri)?.uri.fsPath ?? path.dirname(uri.fsPath);
}

function nameOf(uri: vscode.Uri): string {
  return vscode.workspace.asRelativePath(uri);
}

async function textOf(uri: vscode.Uri): Promise<string> {
  const open = vscode.workspace.textDocuments.find((document) => document.uri.toString() === uri.toString());
  return open ? open.getText() : new TextDecoder().decode(await vscode.workspace.fs.readFile(uri));
}

function messageOf({ file, line, text, expected, actual }: ScriptFailure): vscode.TestMessage {
  const message =
    expected !== undefined && actual !== undefined
      ? vscode.TestMessage.diff(text, expected, actual)
      : new vscode.TestMessage(text);
  message.location = new vscode.Location(vscode.Uri.file(file), new vscode.Position(line - 1, 0));
  return message;
}
