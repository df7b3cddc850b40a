/**
 * The extension's entry: registers what package.json promises and nothing else. Everything heavy lives in the
 * adapter, which runs as a process of its own, or is loaded when the setting asks for it in this one.
 */

import * as vscode from 'vscode';
import { registerCommands } from './commands/register.ts';
import { QueueDocuments } from './documents.ts';
import { registerScriptLanguage } from './language/register.ts';
import { registerTraces } from './language/traces.ts';
import { registerWhyHover } from './language/why-hover.ts';
import { AdapterFactory } from './launch/adapter.ts';
import { registerConfigurations } from './launch/configuration.ts';
import { DEBUG_TYPE, SCHEME, VIEWS } from './manifest.ts';
import { openCause } from './notifier-jump.ts';
import { Sessions } from './sessions.ts';
import { registerScriptTests } from './tests/explorer.ts';
import { HistoryTree } from './views/history.ts';
import { NotifierEventsView } from './views/notifiers/events-view.ts';
import { NotifierMatrixView } from './views/notifiers/matrix-view.ts';
import { PoliciesView } from './views/notifiers/policies-view.ts';
import { StreamsTree } from './views/streams.ts';
import { WorldChoice } from './world-choice.ts';

/** Registers what package.json promises. Sessions, and what they need, load when the first one starts. */
export function activate(context: vscode.ExtensionContext): void {
  const sessions = new Sessions();
  const choice = new WorldChoice(context.workspaceState, sessions);
  const streams = new StreamsTree(sessions, choice);
  const documents = new QueueDocuments(sessions);
  const view = vscode.window.createTreeView(VIEWS.streams, {
    treeDataProvider: streams,
    showCollapseAll: true,
  });
  streams.attach(view);
  const history = new HistoryTree(sessions, choice);
  const historyView = vscode.window.createTreeView(VIEWS.history, { treeDataProvider: history });
  history.attach(historyView);
  const events = new NotifierEventsView(sessions, choice, context.extensionUri, (row) =>
    openCause(sessions, row),
  );
  const matrix = new NotifierMatrixView(sessions, choice, context.extensionUri, (device, world) =>
    events.showDevice(device, world),
  );
  const policies = new PoliciesView(context.extensionUri);

  context.subscriptions.push(
    sessions,
    choice,
    streams,
    view,
    history,
    historyView,
    documents,
    events,
    // The page keeps its place and its selection while another tab of the panel is in front.
    vscode.window.registerWebviewViewProvider(VIEWS.notifierEvents, events, {
      webviewOptions: { retainContextWhenHidden: true },
    }),
    matrix,
    policies,
    vscode.window.registerWebviewViewProvider(VIEWS.notifierMatrix, matrix),
    vscode.debug.registerDebugAdapterTrackerFactory(DEBUG_TYPE, sessions),
    vscode.debug.registerDebugAdapterDescriptorFactory(
      DEBUG_TYPE,
      new AdapterFactory(context.asAbsolutePath('dist/adapter.js'), async () => {
        const inline = await import('./inline.ts');
        return inline.createInlineAdapter();
      }),
    ),
    vscode.workspace.registerTextDocumentContentProvider(SCHEME, documents),
    registerScriptLanguage(),
    registerTraces(),
    registerWhyHover(),
    registerScriptTests(async (request, signal) => {
      const runner = await import('./tests/script-runner.ts');
      return runner.runInProcess(request, signal);
    }),
    ...registerConfigurations(),
    ...registerCommands(context, { sessions, choice, streams, events, policies }),
  );
}
