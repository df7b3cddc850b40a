import { hex } from '../../../bits/u64.ts';
import type { Outcome } from '../../../model/plan.ts';
import type { QueueName } from '../../../model/queues/ring.ts';
import { worldsWith } from '../../../model/queues/world-queues.ts';
import { CERRORS } from '../../../spec/cerror.ts';
import { EVENT_HEADER, eventByNumber } from '../../../spec/events.ts';
import { GERROR_NAMES, type GerrorName, gerrorMask } from '../../../spec/gerror.ts';
import { WORLD_PREFIX } from '../../../spec/registers.ts';
import { truthOf, valueText } from '../../expression/value.ts';
import type { Finding } from '../../finding.ts';
import { breachOf } from '../../isolation/breach.ts';
import { eventSpecNamed } from '../names.ts';
import type { Word } from '../statement.ts';
import { assignments, type Context } from './actions.ts';
import { held, notHeld, notify, refused, registered } from './expect-notifiers.ts';
import { evaluate, PlacedError } from './reading.ts';
import { eventBag, queueIndices } from './scope.ts';
import { type FindingList, isGood, type Last, type Unmet } from './state.ts';

/** Judges an `expect` statement. @returns null when it is true; throws PlacedError when it cannot be judged */
export function judge(of: Context): Unmet | null {
  const { form } = of.reading.bound;
  return (SUBJECTS[form.subject ?? ''] ?? expression)(of);
}

const SUBJECTS: Readonly<Record<string, (of: Context) => Unmet | null>> = {
  ok,
  none,
  pa,
  event,
  cmdq: (of) => queue(of, 'CMDQ'),
  eventq: (of) => queue(of, 'EVENTQ'),
  priq: (of) => queue(of, 'PRIQ'),
  gerror,
  stale,
  finding,
  findings,
  registered,
  refused,
  notify,
  held,
  'not-held': notHeld,
};

/** What a transaction came to: `PA 0x80000000 (ns)`, `abort (F_TRANSLATION: …)`. */
export function outcomeText(outcome: Outcome | null): string {
  if (outcome === null) return 'no dma before';
  const { result, fault, cerror } = outcome;
  if (result === 'ok' && outcome.ats === null) return `PA ${hex(outcome.pa)} (${outcome.space})`;
  if (outcome.ats !== null) return outcome.ats.text;
  if (fault !== null) return `${result} (${fault.event ?? 'no event'}: ${fault.reason})`;
  if (outcome.missing !== null) return `${result} (${outcome.missing.structure} is not in the image)`;
  return cerror === 0 ? result : `${result} (${cerrorText(cerror)})`;
}

function cerrorText(code: number): string {
  return Object.entries(CERRORS).find(([, facts]) => facts.code === code)?.[0] ?? `error ${code}`;
}

function eventNames(last: Last): string {
  const names = last.events.map(({ world, words }) => {
    const name = eventByNumber(EVENT_HEADER.fields.EventNumber.get(words, 0))?.name ?? 'reserved event';
    return world === 'ns' ? name : `${name} (${world})`;
  });
  return names.length === 0 ? 'no event' : names.join(', ');
}

function ok({ environment: { last } }: Context): Unmet | null {
  if (last.bad !== null) return { expected: 'ok', actual: outcomeText(last.bad) };
  return last.transactions > 0 ? null : { expected: 'ok', actual: 'no dma before' };
}

function none({ environment: { last } }: Context): Unmet | null {
  const expected = 'no event and no error';
  if (last.events.length > 0) return { expected, actual: eventNames(last) };
  return last.bad === null ? null : { expected, actual: outcomeText(last.bad) };
}

function pa({ environment: { last }, reading }: Context): Unmet | null {
  const wanted = reading.required('pa');
  const space = reading.argument('space')?.text ?? null;
  const expected = `PA 0x${wanted.toString(16)}${space === null ? '' : ` (${space})`}`;
  const { first } = last;
  const answer = first?.ats?.address ?? first?.pa;
  const good = first !== null && isGood(first);
  const met = good && BigInt(answer ?? -1) === wanted && (space === null || first.space === space);
  return met ? null : { expected, actual: outcomeText(first) };
}

function event({ environment: { last }, reading }: Context): Unmet | null {
  const word = reading.word('event');
  const spec = eventSpecNamed(word.text);
  if (!spec) throw new PlacedError(word, `there is no event ${word.text}`);
  const fields = assignments(spec.layout, reading);
  const queue = reading.argument('world')?.text;
  const same = last.events.filter(
    ({ world, words }) =>
      EVENT_HEADER.fields.EventNumber.get(words, 0) === spec.number &&
      (queue === undefined || world === queue),
  );
  const wrong = same.map(({ words }) => {
    const bag = eventBag(words);
    return [...fields]
      .filter(([name, value]) => bag.part(name) !== value)
      .map(([name]) => `${name}=${valueText(bag.part(name) ?? 'nothing')}`);
  });
  if (wrong.some((names) => names.length === 0)) return null;
  const wanted = [...fields].map(([name, value]) => `${name}=0x${value.toString(16)}`);
  const expected = ['event', spec.name, ...(queue === undefined ? [] : [`world=${queue}`]), ...wanted].join(
    ' ',
  );
  const [nearest] = wrong;
  if (nearest) return { expected, actual: `${spec.name} with ${nearest.join(' ')}` };
  const outcome = last.bad === null ? '' : `, ${outcomeText(last.bad)}`;
  return { expected, actual: `${eventNames(last)}${outcome}` };
}

function queue({ smmu, reading }: Context, name: QueueName): Unmet | null {
  const world = reading.queueWorld();
  const having = worldsWith(name);
  if (!having.includes(world))
    reading.fail(`the ${world} state has no ${name}; there is one of ${having.join(' and ')}`);
  const { prod, cons } = queueIndices(smmu, name, world);
  const wanted: string[] = [];
  let met = true;
  for (const [which, value] of [
    ['cons', cons],
    ['prod', prod],
  ] as const) {
    const number = reading.number(which);
    if (number === null) continue;
    wanted.push(`${which}=${number}`);
    if (number !== BigInt(value)) met = false;
  }
  const error = name === 'CMDQ' ? smmu.state(world).cmdqError : 0;
  const named = reading.argument('error');
  if (named !== null) {
    const code = Object.entries(CERRORS).find(
      ([one]) => one === named.text || one === `CERROR_${named.text}`,
    )?.[1].code;
    if (code === undefined) throw new PlacedError(named, `there is no error ${named.text}`);
    wanted.push(`error=${named.text}`);
    if (code !== error) met = false;
  }
  if (met) return null;
  const actual = `cons=${cons} prod=${prod}${name === 'CMDQ' ? ` error=${cerrorText(error)}` : ''}`;
  return { expected: `${name.toLowerCase()} ${wanted.join(' ')}`, actual };
}

function isGerror(name: string): name is GerrorName {
  return (GERROR_NAMES as readonly string[]).includes(name);
}

function gerror({ smmu, reading }: Context): Unmet | null {
  const word = reading.word('error');
  const name = word.text.toUpperCase();
  if (!isGerror(name)) throw new PlacedError(word, `there is no global error ${word.text}`);
  const prefix = WORLD_PREFIX[reading.queueWorld()];
  const active = (smmu.bank.lo(`${prefix}GERROR`) ^ smmu.bank.lo(`${prefix}GERRORN`)) >>> 0;
  if ((active & gerrorMask(name)) !== 0) return null;
  const others = GERROR_NAMES.filter((one) => (active & gerrorMask(one)) !== 0);
  return {
    expected: `GERROR.${name} active`,
    actual: others.length === 0 ? 'no global error' : others.join(', '),
  };
}

function flagsMatch({ reading }: Context, { certainty, class: kind }: Finding): boolean {
  const asked = (name: string): boolean => reading.flag(name);
  if (asked('certain') && certainty !== 'certain') return false;
  if (asked('possible') && certainty !== 'possible') return false;
  if (asked('unsafe') && kind !== 'unsafe') return false;
  return !(asked('spurious-fault') && kind !== 'spurious-fault');
}

function findingNames(found: readonly Finding[]): string {
  if (found.length === 0) return 'no finding';
  return found
    .map((one) =>
      [one.kind, breachOf(one), one.certainty, one.class].filter((word) => word !== null).join(' '),
    )
    .join(', ');
}

function withFlags({ reading }: Context, what: string): string {
  return [what, ...reading.bound.flags.keys()].join(' ');
}

/** An address-space clash is stale use told apart by its cause; here both count. */
function stale(of: Context): Unmet | null {
  const { findings: found } = of.environment.last;
  const met = found.some((one) => one.kind === 'stale-use' && flagsMatch(of, one));
  return met ? null : { expected: withFlags(of, 'stale use'), actual: findingNames(found) };
}

function finding(of: Context): Unmet | null {
  const kind = of.reading.word('kind').text;
  const { findings: found } = of.environment.last;
  const breach = of.reading.bound.words.get('breach')?.text;
  const met = found.some(
    (one) => one.kind === kind && (breach === undefined || breachOf(one) === breach) && flagsMatch(of, one),
  );
  const expected = withFlags(of, breach === undefined ? kind : `${kind} ${breach}`);
  return met ? null : { expected, actual: findingNames(found) };
}

function findings({ environment }: Context): Unmet | null {
  const found: Finding[] = [];
  for (let one: FindingList | null = environment.findings; one && found.length < 8; one = one.before)
    found.unshift(one.finding);
  if (found.length === 0) return null;
  return { expected: 'no finding', actual: found.map((one) => `${one.kind}: ${one.text}`).join('; ') };
}

function expression({ reading, rest }: Context): Unmet | null {
  if (!rest) return reading.fail('what is expected is missing');
  const value = evaluate(rest, reading.scope);
  if (truthOf(value)) return null;
  return { expected: rest.text, actual: comparedText(rest, reading) ?? valueText(value) };
}

const COMPARISON = /^(.*?)\s*(==|!=|<=|>=|<|>)\s*[^=<>!&|]*$/;

/** What stands on the left of a comparison, where the whole expression is one. */
function comparedText(rest: Word, { scope }: Context['reading']): string | null {
  const left = COMPARISON.exec(rest.text)?.[1];
  if (left === undefined || /[&|?]{1,2}/.test(left)) return null;
  return `${left} is ${valueText(evaluate({ ...rest, text: left }, scope))}`;
}
