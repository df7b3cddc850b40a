/** Breakpoints on commands and events by name: `CFGI_STE`, `TLBI_NH_*`, `F_*`. */

import type { CommandName } from '../../spec/commands.ts';
import { COMMAND_ALIASES, COMMAND_LIST } from '../../spec/commands.ts';
import { EVENT_LIST, type EventName } from '../../spec/events.ts';
import { mayFault } from './may-fault.ts';
import { globTest, isGlob, suggestion } from './names.ts';
import type { Site } from './stop.ts';

type Named = CommandName | keyof typeof COMMAND_ALIASES;

const COMMANDS: readonly Named[] = [
  ...COMMAND_LIST.map(({ name }) => name),
  ...(Object.keys(COMMAND_ALIASES) as (keyof typeof COMMAND_ALIASES)[]),
];
const EVENTS: readonly EventName[] = EVENT_LIST.map(({ name }) => name);
const PREFIX = 'CMD_';

/** Every name that a function breakpoint may have, as people write it. */
export const FUNCTION_NAMES: readonly string[] = [
  ...COMMANDS.map((name) => name.slice(PREFIX.length)),
  ...EVENTS,
];

/** Where a function breakpoint stops: before a command, or before an event; or why it never would. */
export function functionSite(text: string): Site | string {
  const wanted = text.trim();
  if (wanted === '')
    return 'a name is missing; write a command or an event, such as CFGI_STE, TLBI_NH_* or F_*';
  const test = globTest(wanted);
  const commands = new Set<string>(COMMANDS.filter((name) => test(name) || test(name.slice(PREFIX.length))));
  const events = new Set<string>(EVENTS.filter(test));
  if (commands.size + events.size === 0) {
    const what = isGlob(wanted) ? 'matches no command and no event' : 'is no command and no event';
    return `${wanted} ${what}${suggestion(wanted, [...FUNCTION_NAMES, ...COMMANDS])}`;
  }
  // An outline names a command by its opcode alone.
  const opcodes = new Set<string>(commands);
  for (const [alias, { command }] of Object.entries(COMMAND_ALIASES)) {
    if (commands.has(alias)) opcodes.add(command);
  }
  return {
    reason: 'function breakpoint',
    label({ plan }, at) {
      const fault = plan.steps[at]?.fault?.event;
      return fault && events.has(fault) ? fault : (plan.frames[0]?.layout.replace(/^CMD_/, '') ?? wanted);
    },
    steps({ plan }) {
      const found: number[] = [];
      if (plan.operation.kind === 'command' && commands.has(plan.frames[0]?.layout ?? '')) found.push(0);
      if (events.size === 0) return found;
      for (let at = 0; at < plan.steps.length; at++) {
        const { kind, fault } = plan.steps[at] as (typeof plan.steps)[number];
        if (fault === null || fault.event === null || !events.has(fault.event)) continue;
        // The fault and its record are one event; the first moment counts.
        const first = plan.steps.findIndex((step) => step.fault === fault) === at;
        if (first && (kind === 'fault' || kind === 'event') && found[0] !== at) found.push(at);
      }
      return found;
    },
    may(outline, smmu) {
      const { operation, outcome } = outline;
      if (operation.kind === 'command' && commands.size > 0) {
        // A command that stops its queue is not named.
        if (outcome.command === null || opcodes.has(outcome.command)) return true;
      }
      return events.size > 0 && mayFault(outline, smmu);
    },
  };
}
