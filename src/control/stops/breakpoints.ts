/** Every breakpoint of a session: exception filters, functions, instructions, data and lines. */

import type { World } from '../../bits/world.ts';
import type { Outline, Plan } from '../../model/plan.ts';
import type { Smmu } from '../../model/smmu.ts';
import type { Scope } from '../expression/value.ts';
import type { Finding } from '../finding.ts';
import { Breakpoint, momentOf } from './breakpoint.ts';
import { type Access, type DataPlace, dataId } from './data-place.ts';
import { dataSite } from './data-site.ts';
import { exceptionSite } from './exception-site.ts';
import { functionSite } from './function-site.ts';
import { DEFAULT_FILTERS, mayStop } from './index.ts';
import { instructionSite } from './instruction-site.ts';
import { parseRule } from './rule.ts';
import { lineScope, type OperationScope, operationScope } from './scope.ts';
import { type LineTarget, lineSite } from './source-site.ts';
import type { Hit, Site, Verified, View, Where, Wishes } from './stop.ts';

export type { Hit, HitReason, Verified, Where } from './stop.ts';

export interface FilterRequest extends Wishes {
  readonly id: string;
}

export interface FunctionRequest extends Wishes {
  readonly name: string;
}

export interface InstructionRequest extends Wishes {
  readonly space: World;
  /** PA in bytes. */
  readonly pa: number;
}

export interface DataRequest extends Wishes, DataPlace {
  readonly access: Access;
  /** For people. */
  readonly name?: string;
}

export interface LineRequest extends Wishes {
  /** As it was asked for, from 1. */
  readonly asked: number;
  /** What stands there or on the next line that means something; a text says why nothing does. */
  readonly target: LineTarget | string;
  /** Where the target stands, from 1. */
  readonly line?: number;
}

const NOT_OPEN = 'nothing is being debugged yet';
const NO_FINDINGS: readonly Finding[] = [];

/** A breakpoint at a step of an operation. */
interface Moment {
  readonly at: number;
  readonly of: Breakpoint;
  readonly site: Site;
}

const nothingAhead = (): View | null => null;

/**
 * The breakpoints of a session. They outlive what is debugged: {@link attach} tells them of another SMMU. Setting one
 * kind replaces all of that kind; what is set again with the same text keeps its id and its count.
 */
export class Breakpoints {
  readonly #log: (text: string, where: Where) => void;
  #smmu: Smmu | null = null;
  #next = 1;
  #filters: readonly Breakpoint[] = [];
  #functions: readonly Breakpoint[] = [];
  #instructions: readonly { readonly of: Breakpoint; readonly request: InstructionRequest }[] = [];
  #data: readonly Breakpoint[] = [];
  readonly #sources = new Map<string, readonly Breakpoint[]>();
  /** By file and line. */
  #statements = new Map<string, Breakpoint[]>();
  readonly #targets = new Map<Breakpoint, LineTarget | string>();
  /** All that can stop an operation, exceptions first. */
  #active: readonly Breakpoint[] = [];
  /** The same for what is asked at every operation: filters at once, and the others. */
  #enabled: ReadonlySet<string> = DEFAULT_FILTERS;
  #others: readonly Site[] = [];
  #generation = 0;

  /** @param log gets what logpoints say */
  constructor(log: (text: string, where: Where) => void = () => {}) {
    this.#log = log;
    this.setFilters([...DEFAULT_FILTERS].map((id) => ({ id })));
  }

  /**
   * Begins with another SMMU, or with none: counts start anew, and addresses are judged again.
   * @returns the breakpoints whose answer has become another
   */
  attach(smmu: Smmu | null): readonly Verified[] {
    this.#smmu = smmu;
    for (const breakpoint of this.#all()) breakpoint.forgetHits();
    const changed: Verified[] = [];
    for (const { of, request } of this.#instructions) {
      const before = of.message;
      of.place(this.#instruction(request));
      if (of.message !== before) changed.push(of.verified);
    }
    this.#refresh();
    return changed;
  }

  /** Grows with whatever is set: what was judged before is judged the same as long as it stands. From 1. */
  get generation(): number {
    return this.#generation;
  }

  /** Whether any lies on a line of a program. */
  get hasLines(): boolean {
    return this.#statements.size > 0;
  }

  /** Chooses the exception filters. */
  setFilters(list: readonly FilterRequest[]): readonly Verified[] {
    this.#filters = this.#renew(this.#filters, list, (of, { id }) => {
      of.name = id;
      of.place(exceptionSite(id));
    });
    return this.#done(this.#filters);
  }

  /** Whether a filter is chosen, by id. */
  hasFilter(id: string): boolean {
    return this.#enabled.has(id);
  }

  setFunctions(list: readonly FunctionRequest[]): readonly Verified[] {
    this.#functions = this.#renew(this.#functions, list, (of, { name }) => of.place(functionSite(name)));
    return this.#done(this.#functions);
  }

  setInstructions(list: readonly InstructionRequest[]): readonly Verified[] {
    const before = this.#instructions.map(({ of }) => of);
    const made = this.#renew(before, list, (of, request) => of.place(this.#instruction(request)));
    this.#instructions = made.map((of, i) => ({ of, request: list[i] as InstructionRequest }));
    return this.#done(made);
  }

  setData(list: readonly DataRequest[]): readonly Verified[] {
    const keyed = list.map((request) => {
      const { space, pa, bytes, mask, access, name, ...wishes } = request;
      const place: DataPlace = { space, pa, bytes, ...(mask === undefined ? {} : { mask }) };
      return { ...wishes, id: dataId(place), access, place, ...(name === undefined ? {} : { name }) };
    });
    this.#data = this.#renew(
      this.#data,
      keyed,
      (of, { place, access, name }) => of.place(dataSite(place, access, name === undefined ? {} : { name })),
      ({ place: _, name: __, ...rest }) => rest,
    );
    return this.#done(this.#data);
  }

  /**
   * Sets the breakpoints of one document.
   * @param document its URI, or the path of a file
   */
  setSource(document: string, list: readonly LineRequest[]): readonly Verified[] {
    const before = this.#sources.get(document) ?? [];
    for (const of of before) this.#targets.delete(of);
    const made = this.#renew(
      before,
      list,
      (of, { target, line }) => {
        of.place(typeof target === 'string' ? target : lineSite(target), line ?? null);
        this.#targets.set(of, target);
      },
      ({ target: _, line: __, ...rest }) => rest,
      true,
    );
    if (made.length === 0) this.#sources.delete(document);
    else this.#sources.set(document, made);
    return this.#done(made);
  }

  /** What setting those of a document came to. */
  source(document: string): readonly Verified[] {
    return (this.#sources.get(document) ?? []).map((of) => of.verified);
  }

  /**
   * The first stop at or after step `from`. Breakpoints on the way that do not stop (a condition that does not hold, a
   * hit count, a logpoint) count and log.
   * @param smmu as it is before the operation
   * @param entry the entry of the history that the operation will be, by which hits are told apart
   */
  find(
    smmu: Smmu,
    plan: Plan,
    from: number,
    findings: readonly Finding[] = NO_FINDINGS,
    entry?: number,
  ): Hit | null {
    return this.#meet({ smmu, plan, findings, entry }, from, Number.POSITIVE_INFINITY);
  }

  /** What stops exactly at a step; what does not stop there counts and logs, as in {@link find}. */
  meetAt(
    smmu: Smmu,
    plan: Plan,
    step: number,
    findings: readonly Finding[] = NO_FINDINGS,
    entry?: number,
  ): Hit | null {
    return this.#meet({ smmu, plan, findings, entry }, step, step);
  }

  #meet(view: View, from: number, to: number): Hit | null {
    const moments = this.#moments(view).filter(({ at }) => at >= from && at <= to);
    for (let i = 0; i < moments.length; ) {
      const { at } = moments[i] as Moment;
      const here: Moment[] = [];
      for (; moments[i]?.at === at; i++) here.push(moments[i] as Moment);
      const scope = operationScope(view, at);
      const stops = here.flatMap(({ of, site }) => {
        const verdict = of.meet(scope, site.label(view, at), this.#log, {
          id: of.id,
          view,
          step: at,
          moment: momentIn(view, at),
        });
        return verdict.stops ? [{ of, site, text: verdict.text }] : [];
      });
      const hit = hitOf(stops, at, view);
      if (hit) return hit;
    }
    return null;
  }

  /** What stops exactly at a step; nothing counts or logs. */
  at(
    smmu: Smmu,
    plan: Plan,
    step: number,
    findings: readonly Finding[] = NO_FINDINGS,
    entry?: number,
  ): Hit | null {
    const view = { smmu, plan, findings, entry };
    return this.#look(
      view,
      this.#moments(view).filter(({ at }) => at === step),
    );
  }

  /** Going backwards: the last stop before step `before`; nothing counts or logs. */
  findBack(
    smmu: Smmu,
    plan: Plan,
    before: number,
    findings: readonly Finding[] = NO_FINDINGS,
    entry?: number,
  ): Hit | null {
    const view = { smmu, plan, findings, entry };
    const moments = this.#moments(view).filter(({ at }) => at < before);
    for (let last = moments[moments.length - 1]; last; last = moments[moments.length - 1]) {
      const { at } = last;
      const hit = this.#look(
        view,
        moments.filter((moment) => moment.at === at),
      );
      if (hit) return hit;
      while (moments[moments.length - 1]?.at === at) moments.pop();
    }
    return null;
  }

  /**
   * A program arrives at a line, before any of its operations.
   * @param scope the program's variables
   * @param ahead the first operation of the line, asked for only when a breakpoint lies there; null for none
   * @param entry the entry of the history that comes next, by which hits are told apart
   */
  arrive(
    file: string,
    line: number,
    scope: Scope | null = null,
    ahead = nothingAhead,
    entry?: number,
  ): Hit | null {
    const here = this.#statements.get(placeKey(file, line));
    if (!here) return null;
    const names = lineScope(this.#smmu, scope, ahead());
    const label = lineLabel(file, line);
    const moment = entry === undefined ? undefined : momentOf(entry, -1);
    const stops = here.flatMap((of) => {
      const verdict = of.meet(names, label, this.#log, {
        id: of.id,
        view: null,
        step: -1,
        file,
        line,
        moment,
      });
      return verdict.stops ? [{ of, text: verdict.text }] : [];
    });
    return lineHit(stops);
  }

  /** Whether a line would stop a program; nothing counts or logs. */
  arriveLooking(
    file: string,
    line: number,
    scope: Scope | null = null,
    ahead = nothingAhead,
    entry?: number,
  ): Hit | null {
    const here = this.#statements.get(placeKey(file, line));
    if (!here) return null;
    const names = lineScope(this.#smmu, scope, ahead());
    const text = lineLabel(file, line);
    const moment = entry === undefined ? undefined : momentOf(entry, -1);
    return lineHit(here.filter((of) => of.looks(names, moment)).map((of) => ({ of, text })));
  }

  /**
   * Whether an operation may stop or log, judged by what it comes to. False is a promise.
   * @param smmu as it is before the operation
   */
  interest(outline: Outline, smmu: Smmu): boolean {
    if (mayStop(outline, this.#enabled, smmu)) return true;
    const others = this.#others;
    for (let i = 0; i < others.length; i++) {
      if ((others[i] as Site).may(outline, smmu)) return true;
    }
    return false;
  }

  #look(view: View, here: readonly Moment[]): Hit | null {
    const [first] = here;
    if (!first) return null;
    const scope: OperationScope = operationScope(view, first.at);
    const stops = here
      .filter(({ of }) => of.looks(scope, momentIn(view, first.at)))
      .map(({ of, site }) => ({ of, site, text: site.label(view, first.at) }));
    return hitOf(stops, first.at, view);
  }

  /** Every breakpoint that lies in a plan, by steps; at a step in the order of `#active`. */
  #moments(view: View): Moment[] {
    const moments: Moment[] = [];
    for (const of of this.#active) {
      const { site } = of;
      // What hangs on findings alone is announced by whoever finds them, not by the site.
      if (!site || (view.findings.length === 0 && !site.may(view.plan, view.smmu))) continue;
      for (const at of site.steps(view)) moments.push({ at, of, site });
    }
    return moments.sort((a, b) => a.at - b.at);
  }

  #instruction({ space, pa }: InstructionRequest): Site | string {
    return this.#smmu ? instructionSite(this.#smmu, space, pa) : NOT_OPEN;
  }

  /**
   * Makes the breakpoints of a list, keeping those that were set by the same text before.
   * @param identity what makes two requests the same
   * @param open names in conditions may come from a program
   */
  #renew<R extends Wishes>(
    before: readonly Breakpoint[],
    list: readonly R[],
    place: (of: Breakpoint, request: R) => void,
    identity: (request: R) => object = (request) => request,
    open = false,
  ): readonly Breakpoint[] {
    const old = new Map(before.map((of) => [of.key, of]));
    const seen = new Map<string, number>();
    return list.map((request) => {
      const text = JSON.stringify(identity(request));
      const count = seen.get(text) ?? 0;
      seen.set(text, count + 1);
      const key = count === 0 ? text : `${text}#${count}`;
      const of = old.get(key) ?? new Breakpoint(this.#next++, key, parseRule(request, open));
      place(of, request);
      return of;
    });
  }

  #all(): Breakpoint[] {
    return [
      ...this.#filters,
      ...this.#functions,
      ...this.#instructions.map(({ of }) => of),
      ...this.#data,
      ...[...this.#sources.values()].flat(),
    ];
  }

  #done(made: readonly Breakpoint[]): readonly Verified[] {
    this.#refresh();
    return made.map((of) => of.verified);
  }

  #refresh(): void {
    this.#generation++;
    const all = this.#all();
    this.#active = all.filter(({ site }) => site !== null);
    const filters = this.#filters.filter(({ site }) => site !== null);
    this.#enabled = new Set(filters.map((of) => of.name));
    this.#others = this.#active.flatMap(({ site }) => (site && site.reason !== 'exception' ? [site] : []));
    this.#statements = new Map();
    for (const of of all) {
      const target = this.#targets.get(of);
      if (of.rule === null || target === undefined || typeof target === 'string') continue;
      if (target.kind !== 'statement') continue;
      const key = placeKey(target.file, target.line);
      this.#statements.set(key, [...(this.#statements.get(key) ?? []), of]);
    }
  }
}

function momentIn({ entry }: View, step: number): number | undefined {
  return entry === undefined ? undefined : momentOf(entry, step);
}

function placeKey(file: string, line: number): string {
  return `${line} ${file}`;
}

function lineLabel(file: string, line: number): string {
  return `${file.split(/[/\\]/).pop() ?? file}:${line}`;
}

function lineHit(stops: readonly { readonly of: Breakpoint; readonly text: string }[]): Hit | null {
  if (stops.length === 0) return null;
  const text = stops.map((stop) => stop.text).join('; ');
  return { filter: '', step: -1, reason: 'breakpoint', ids: stops.map(({ of }) => of.id), text };
}

function hitOf(
  stops: readonly { readonly of: Breakpoint; readonly site: Site; readonly text: string }[],
  step: number,
  view: View,
): Hit | null {
  const [first] = stops;
  if (!first) return null;
  const { reason } = first.site;
  // Beside an exception others only say what they say once: that a condition cannot be evaluated.
  const remarks = stops.flatMap(({ site, text }) => (text === site.label(view, step) ? [] : [text]));
  return {
    filter: reason === 'exception' ? first.site.label(view, step) : '',
    step,
    reason,
    ids: stops.map(({ of }) => of.id),
    text: [
      ...new Set(reason === 'exception' ? [first.text, ...remarks] : stops.map(({ text }) => text)),
    ].join('; '),
  };
}

/** The breakpoints of a debugger that nobody shares: the default filters. */
export function breakpointsOf(smmu: Smmu): Breakpoints {
  const breakpoints = new Breakpoints();
  breakpoints.attach(smmu);
  return breakpoints;
}
