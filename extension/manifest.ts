/**
 * Every name that package.json and the code share. A house test holds this list against package.json, so neither can
 * gain or lose one alone.
 */

/** The debug type of launch.json. */
export const DEBUG_TYPE = 'smmuv3';

/** Scheme of the virtual documents (queues, structures) that a session answers for. */
export { DOCUMENT_SCHEME as SCHEME } from '../src/inspect/document-path.ts';

/** Language of the queue documents. */
export const QUEUE_LANGUAGE = 'smmuq';

/** Language of scripts, and where they are found. */
export const SCRIPT_LANGUAGE = 'smmu';
export const SCRIPT_GLOB = '**/*.smmu';

/** Language of QEMU's traces: VS Code sets no breakpoints in documents of its language `log`. */
export const TRACE_LANGUAGE = 'smmutrace';

/** The scripts of the Test Explorer. */
export const TESTS = 'smmu.scripts';

export const COMMANDS = {
  openDump: 'smmu.openDump',
  openSample: 'smmu.openSample',
  translate: 'smmu.translate',
  translateInStream: 'smmu.translateInStream',
  copyAddress: 'smmu.copyAddress',
  refreshStreams: 'smmu.refreshStreams',
  openQueue: 'smmu.openQueue',
  enableQueue: 'smmu.enableQueue',
  why: 'smmu.why',
  runAgain: 'smmu.runAgain',
  goBackTo: 'smmu.goBackTo',
  runScript: 'smmu.runScript',
  debugScript: 'smmu.debugScript',
  chooseWorld: 'smmu.chooseWorld',
  comparePolicies: 'smmu.comparePolicies',
  exportNotifierEvents: 'smmu.exportNotifierEvents',
  showNotifierEvents: 'smmu.showNotifierEvents',
} as const;

export type CommandId = (typeof COMMANDS)[keyof typeof COMMANDS];

export const VIEWS = {
  streams: 'smmu.streams',
  history: 'smmu.history',
  notifierEvents: 'smmu.notifierEvents',
  notifierMatrix: 'smmu.notifierMatrix',
} as const;

/** Where views lie: the activity bar, and tabs of the panel. */
export const CONTAINERS = {
  activitybar: ['smmu'],
  panel: ['smmuNotifierEvents', 'smmuNotifierMatrix'],
} as const;

export const SETTINGS = { adapter: 'smmu.adapter', viewerWorld: 'smmu.viewerWorld' } as const;

/** Context keys for `when` clauses. */
export const CONTEXTS = { session: 'smmu.session', history: 'smmu.hasHistory' } as const;
