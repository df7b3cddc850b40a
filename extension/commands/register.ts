import * as vscode from 'vscode';
import { COMMANDS, type CommandId } from '../manifest.ts';
import type { Sessions } from '../sessions.ts';
import type { NotifierEventsView } from '../views/notifiers/events-view.ts';
import type { PoliciesView } from '../views/notifiers/policies-view.ts';
import type { StreamsTree } from '../views/streams.ts';
import type { WorldChoice } from '../world-choice.ts';
import { copyAddress } from './address.ts';
import { comparePolicies } from './compare-policies.ts';
import { enableQueue } from './enable-queue.ts';
import { goBackTo } from './go-back.ts';
import { openDump } from './open-dump.ts';
import { openQueue } from './open-queue.ts';
import { openSample } from './open-sample.ts';
import { runScript } from './run-script.ts';
import { showNotifierEvents } from './show-notifier-events.ts';
import { translate } from './translate.ts';
import { explain, runAgain } from './why.ts';

interface Registered {
  readonly sessions: Sessions;
  readonly choice: WorldChoice;
  readonly streams: StreamsTree;
  readonly events: NotifierEventsView;
  readonly policies: PoliciesView;
}

/** Registers every command of the manifest; the type asks for each of them. */
export function registerCommands(
  context: vscode.ExtensionContext,
  { sessions, choice, streams, events, policies }: Registered,
): vscode.Disposable[] {
  const handlers: { readonly [C in CommandId]: (argument: unknown, more: unknown) => unknown } = {
    [COMMANDS.openDump]: openDump,
    [COMMANDS.openSample]: () => openSample(context),
    [COMMANDS.translate]: (preset) => translate(sessions, preset),
    [COMMANDS.translateInStream]: (node) => translate(sessions, node),
    [COMMANDS.copyAddress]: copyAddress,
    [COMMANDS.refreshStreams]: () => streams.refresh(),
    [COMMANDS.openQueue]: (queue) => openQueue(sessions, choice, queue),
    [COMMANDS.enableQueue]: () => enableQueue(sessions),
    [COMMANDS.why]: (question) => explain(sessions, question),
    [COMMANDS.runAgain]: () => runAgain(sessions),
    [COMMANDS.goBackTo]: (entry) => goBackTo(sessions, entry),
    [COMMANDS.runScript]: (uri, only) => runScript(uri, only, true),
    [COMMANDS.debugScript]: (uri, only) => runScript(uri, only, false),
    [COMMANDS.chooseWorld]: (world) => choice.choose(world),
    [COMMANDS.comparePolicies]: () => comparePolicies(sessions, policies),
    [COMMANDS.exportNotifierEvents]: () => events.exportRows(),
    [COMMANDS.showNotifierEvents]: (row) => showNotifierEvents(sessions, events, row),
  };
  return Object.entries(handlers).map(([id, handler]) =>
    vscode.commands.registerCommand(id, async (argument: unknown, more: unknown) => {
      try {
        return await handler(argument, more);
      } catch (error) {
        void vscode.window.showErrorMessage(error instanceof Error ? error.message : String(error));
        return undefined;
      }
    }),
  );
}
