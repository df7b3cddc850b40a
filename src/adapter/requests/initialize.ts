import type { DebugProtocol } from '@vscode/debugprotocol';
import { FILTERS } from '../../control/stops/index.ts';
import type { Handlers } from '../handler.ts';
import type { Session } from '../session.ts';

/** Only what works. */
const CAPABILITIES: DebugProtocol.Capabilities = {
  supportsConfigurationDoneRequest: true,
  // Undo: steps back within an operation, then operation by operation.
  supportsStepBack: true,
  supportsSteppingGranularity: true,
  supportsExceptionInfoRequest: true,
  exceptionBreakpointFilters: FILTERS.map((filter) => ({
    filter: filter.id,
    label: filter.label,
    description: filter.description,
    default: filter.byDefault,
    supportsCondition: true,
    conditionDescription: 'An expression such as sid == 8 && iova >= 0x1000',
  })),
  supportsExceptionFilterOptions: true,
  supportsFunctionBreakpoints: true,
  supportsConditionalBreakpoints: true,
  supportsHitConditionalBreakpoints: true,
  supportsLogPoints: true,
  supportsDataBreakpoints: true,
  supportsDataBreakpointBytes: true,
  supportsInstructionBreakpoints: true,
  supportsBreakpointLocationsRequest: true,
  supportsTerminateRequest: true,
  supportsRestartRequest: true,
  supportsEvaluateForHovers: true,
  supportsReadMemoryRequest: true,
  supportsWriteMemoryRequest: true,
  supportsDisassembleRequest: true,
  supportsSetVariable: true,
  supportsSetExpression: true,
  supportsGotoTargetsRequest: true,
  supportsStepInTargetsRequest: true,
  supportsRestartFrame: true,
  supportTerminateDebuggee: true,
  supportSuspendDebuggee: true,
  supportsModulesRequest: true,
  additionalModuleColumns: [
    { attributeName: 'space', label: 'Address space', type: 'string' },
    { attributeName: 'format', label: 'Format', type: 'string' },
  ],
  supportsClipboardContext: true,
  supportsANSIStyling: true,
  supportsCompletionsRequest: true,
  completionTriggerCharacters: [' ', '=', '.', '('],
  supportsCancelRequest: true,
  supportsLoadedSourcesRequest: true,
  supportsValueFormattingOptions: true,
  supportsDelayedStackTraceLoading: true,
};

export const INITIALIZE: Handlers = {
  initialize(session, args) {
    session.client = {
      id: typeof args['clientID'] === 'string' ? args['clientID'] : '',
      linesStartAt1: args['linesStartAt1'] !== false,
      columnsStartAt1: args['columnsStartAt1'] !== false,
      progress: args['supportsProgressReporting'] === true,
      invalidated: args['supportsInvalidatedEvent'] === true,
      memoryReferences: args['supportsMemoryReferences'] === true,
      memoryEvent: args['supportsMemoryEvent'] === true,
      ansi: args['supportsANSIStyling'] === true,
    };
    forgetBreakpoints(session);
    session.afterResponse(() => session.event('initialized'));
    return CAPABILITIES;
  },
};

/** A client that introduces itself has set nothing yet: what another one has left behind would stop it. */
function forgetBreakpoints({ breakpoints, sources }: Session): void {
  for (const document of sources.keys()) breakpoints.setSource(document, []);
  sources.clear();
  breakpoints.setFunctions([]);
  breakpoints.setInstructions([]);
  breakpoints.setData([]);
}
