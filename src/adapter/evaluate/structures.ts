import { hex } from '../../bits/u64.ts';
import { UserError } from '../../bits/user-error.ts';
import type { Frame } from '../../model/plan.ts';
import { structureScope } from '../scopes/structure.ts';
import type { Session } from '../session.ts';
import type { Answer, ConsoleCommand } from './command.ts';
import { numberIn, splitWords } from './words.ts';

const SID_LIMIT = 2 ** 32;
const SSID_LIMIT = 2 ** 20;

/** Shows the STE of a stream, as a translation would read it. */
export const ste: ConsoleCommand = {
  name: 'ste',
  usage: 'ste 8',
  help: 'shows the STE of a StreamID',
  words: [],
  run(session, rest) {
    const sid = numberIn(rest.trim(), 'sid', SID_LIMIT, 'ste 8');
    return frameAnswer(session, sid, -1, 'ste');
  },
};

/** Shows the CD of a stream. */
export const cd: ConsoleCommand = {
  name: 'cd',
  usage: 'cd 8 [ssid=1]',
  help: 'shows the CD that a StreamID uses, with or without SubstreamID',
  words: ['ssid='],
  run(session, rest) {
    const usage = 'cd 8 [ssid=1]';
    const [first = '', ...more] = rest.trim().split(/[\s,]+/);
    const sid = numberIn(first, 'sid', SID_LIMIT, usage);
    const { values } = splitWords(more.join(' '), ['ssid'], [], usage);
    const ssid = values.get('ssid');
    return frameAnswer(
      session,
      sid,
      ssid === undefined ? -1 : numberIn(ssid, 'ssid', SSID_LIMIT, usage),
      'cd',
    );
  },
};

/** What a transaction of the stream reads on its way, from memory or from the configuration cache. */
function frameAnswer(session: Session, sid: number, ssid: number, kind: Frame['kind']): Answer {
  const transaction = {
    world: 'ns',
    sid,
    ssid,
    vaHi: 0,
    vaLo: 0,
    write: false,
    privileged: false,
    instruction: false,
  } as const;
  const plan = session.debuggee.debugger.dryRun(transaction);
  const frame = plan.frames.find((f) => f.kind === kind);
  if (!frame) {
    const reason = plan.outcome.fault?.reason ?? plan.outcome.missing?.structure ?? plan.outcome.result;
    throw new UserError(`StreamID ${hex(sid)} has no ${kind.toUpperCase()} to show: ${reason}`);
  }
  const { pa } = frame;
  return {
    value: `${frame.name}${pa === null ? '' : ` at PA ${hex(pa)} (${frame.space})`}`,
    children: structureScope(frame),
    ...(pa === null ? {} : { memory: { space: frame.space, pa } }),
  };
}
