/** What may be written at a place. */

import type { Field } from '../../../src/bits/layout.ts';
import { WORLDS } from '../../../src/bits/world.ts';
import { partsOf as bagParts } from '../../../src/control/script/check-expression.ts';
import type { ScriptNames } from '../../../src/control/script/check-names.ts';
import { choicesOf, layoutOf, listedBy } from '../../../src/control/script/check-words.ts';
import type { Form, Takes } from '../../../src/control/script/form.ts';
import { formOf, formsOf, KEYWORDS } from '../../../src/control/script/forms.ts';
import {
  commandSpecNamed,
  eventSpecNamed,
  fieldNamed,
  registerNamed,
  SCRIPT_STRUCTURES,
  scriptRegisters,
} from '../../../src/control/script/names.ts';
import { parseScript } from '../../../src/control/script/parse.ts';
import { type Bound, bind, formOfStatement } from '../../../src/control/script/parse-bind.ts';
import { equalsAt, lexLine } from '../../../src/control/script/parse-line.ts';
import { SCOPE_NAMES } from '../../../src/control/script/scope-names.ts';
import { bitsText } from '../../../src/inspect/rows.ts';
import { FEATURES } from '../../../src/spec/features.ts';
import { namesAt, type Script } from './analysis.ts';
import { formText } from './markdown.ts';

/** Something that may be written. */
export interface Completion {
  readonly label: string;
  readonly kind:
    | 'keyword'
    | 'argument'
    | 'flag'
    | 'field'
    | 'value'
    | 'name'
    | 'device'
    | 'command'
    | 'event'
    | 'register';
  readonly detail: string;
  /** Markdown. */
  readonly doc?: string;
  /** What is put in place of the text from {@link start} (column from 1) to the cursor. */
  readonly insert: string;
  readonly start: number;
}

type Offer = Omit<Completion, 'start'>;

/** What may be written at a place; line and column from 1. */
export function completionsAt(script: Script, line: number, column: number): readonly Completion[] {
  const before = (script.lines[line - 1] ?? '').slice(0, column - 1);
  const { items, comment } = lexLine(before, line);
  if (comment < before.length) return [];
  const names = namesAt(script, line);
  const last = items.at(-1);
  const lastEnd = last === undefined ? 0 : last.kind === 'word' ? last.word.end : last.argument.end;
  const current = lastEnd === column && last !== undefined ? last : null;
  const done = current === null ? items : items.slice(0, -1);
  const written =
    current === null ? '' : current.kind === 'word' ? current.word.text : current.argument.value.text;
  const first = done[0];
  if (first === undefined) return at(column - written.length, keywords());
  if (first.kind === 'argument') return [];
  const keyword = first.word;
  const equals = equalsAt(before, keyword.end - 1, before.length);
  const form = formAt(before, keyword.text, done.length, equals);
  if (form?.rest === 'after-equals' && equals >= 0) {
    return inExpression(
      before.slice(equals + 1),
      column,
      names,
      registerValues(before.slice(keyword.end - 1, equals)),
    );
  }
  if (current?.kind === 'argument' && form) {
    const bound = boundOf(before, form);
    return argumentValue(current.argument.name.text, current.argument.value.text, column, bound, names);
  }
  if (current?.kind === 'word' && current.word.text.startsWith('"'))
    return inText(before, column, form, names);
  const offers =
    formsOf(keyword.text).some(({ subject }) => subject !== undefined) && done.length === 1
      ? [...subjects(keyword.text), ...expressionNames(names)]
      : [];
  if (offers.length > 0 && !written.includes('.')) return at(column - written.length, offers);
  if (!form) return [];
  if (form.rest === 'all') return inExpression(before.slice(keyword.end), column, names, []);
  return wordOffers(before, form, done.length, written, column, names);
}

function at(start: number, offers: readonly Offer[]): readonly Completion[] {
  return offers.map((offer) => ({ ...offer, start }));
}

function keywords(): readonly Offer[] {
  return KEYWORDS.flatMap((keyword) => {
    const form = formOf(keyword, null);
    return form
      ? [
          {
            label: keyword,
            kind: 'keyword' as const,
            detail: form.usage,
            doc: formText(form),
            insert: keyword,
          },
        ]
      : [];
  });
}

function subjects(keyword: string): readonly Offer[] {
  return formsOf(keyword).flatMap((form) => {
    if (form.subject === undefined) return [];
    const text = form.subject === 'pa' ? 'pa=' : form.subject;
    return [{ label: text, kind: 'keyword', detail: form.usage, doc: formText(form), insert: text }];
  });
}

/** The form of what was written before the cursor. */
function formAt(before: string, keyword: string, done: number, equals: number): Form | undefined {
  if (equals >= 0) {
    const rest = formsOf(keyword).find((form) => form.rest === 'after-equals');
    if (rest) return rest;
  }
  const statement = statementOf(before);
  if (statement && done > 1) return formOfStatement(statement) ?? formOf(keyword, null);
  return formOf(keyword, statement?.arguments[0]?.name.text ?? null);
}

function statementOf(before: string) {
  const { statements, broken } = parseScript(before, '');
  return statements[0] ?? broken[0];
}

function boundOf(before: string, form: Form): Bound | null {
  const statement = statementOf(before);
  return statement ? bind(statement, form) : null;
}

function wordOffers(
  before: string,
  form: Form,
  done: number,
  written: string,
  column: number,
  names: ScriptNames,
): readonly Completion[] {
  const complete = before.slice(0, before.length - written.length);
  const bound = done > 1 ? boundOf(complete, form) : null;
  const place = form.words.find(({ name }) => bound?.words.has(name) !== true);
  const start = column - written.length;
  if (place?.takes === 'register') return registers(written, column);
  const required = place !== undefined && place.optional !== true;
  const words = place ? taken(place.takes, names) : [];
  if (required && words.length > 0) return at(start, words);
  const expression = place?.takes === 'expression' ? inExpression(written, column, names, []) : [];
  if (required) return expression;
  return [...at(start, [...words, ...named(form, bound)]), ...expression];
}

/** Flags, arguments and fields that are not there yet. */
function named(form: Form, bound: Bound | null): readonly Offer[] {
  const given = new Set([
    ...(bound?.arguments.keys() ?? []),
    ...(bound?.flags.keys() ?? []),
    ...(bound?.fields.map(({ name }) => name.text.toLowerCase()) ?? []),
  ]);
  const fields: readonly Offer[] =
    form.fields === 'features'
      ? FEATURES.map(({ name, field }) => fieldOffer(field, name))
      : (((bound && layoutOf(bound)) ?? structureOf(form))?.list
          .filter(({ name }) => name !== 'Opcode' && name !== 'EventNumber' && !given.has(name.toLowerCase()))
          .map((field) => fieldOffer(field, field.name)) ?? []);
  return [
    ...form.arguments
      .filter(({ name }) => !given.has(name))
      .map(({ name, doc }) => ({
        label: `${name}=`,
        kind: 'argument' as const,
        detail: doc,
        insert: `${name}=`,
      })),
    ...form.flags
      .filter(({ name }) => !given.has(name))
      .map(({ name, doc }) => ({ label: name, kind: 'flag' as const, detail: doc, insert: name })),
    ...fields,
  ];
}

function structureOf({ fields }: Form) {
  return fields === 'STE' || fields === 'CD' || fields === 'L1STD' || fields === 'L1CD'
    ? SCRIPT_STRUCTURES[fields]
    : null;
}

function fieldOffer(field: Field, name: string): Offer {
  return { label: `${name}=`, kind: 'field', detail: `${bitsText(field)} ${field.doc}`, insert: `${name}=` };
}

function argumentValue(
  name: string,
  written: string,
  column: number,
  bound: Bound | null,
  names: ScriptNames,
): readonly Completion[] {
  const start = column - written.length;
  const param = bound?.form.arguments.find((one) => one.name === name);
  if (param) {
    const listed = listedBy(param.takes);
    if (listed !== null) {
      const given = written.split(',');
      const rest = listed.filter((label) => !given.slice(0, -1).includes(label));
      return at(column - (given.at(-1)?.length ?? 0), rest.map(valueOffer));
    }
    const offers = taken(param.takes, names);
    return offers.length > 0
      ? at(start, offers)
      : param.takes === 'expression'
        ? inExpression(written, column, names, [])
        : [];
  }
  const of = bound && layoutOf(bound);
  const field = of ? fieldNamed(of, name) : FEATURES.find((one) => one.name === name)?.field;
  return inExpression(written, column, names, field ? fieldValues(field) : []);
}

function valueOffer(label: string): Offer {
  return { label, kind: 'value', detail: '', insert: label };
}

function fieldValues(field: Field): readonly Offer[] {
  const names = Object.entries(field.names ?? {});
  const named = names.map(
    ([name, value]): Offer => ({
      label: name,
      kind: 'value',
      detail: `${value}: ${field.values?.[value] ?? field.doc}`,
      insert: name,
    }),
  );
  const others = Object.entries(field.values ?? {}).flatMap(([value, meaning]): Offer[] =>
    /^[0-9]+$/.test(value) && !names.some(([, known]) => known === Number(value))
      ? [{ label: value, kind: 'value', detail: meaning, insert: value }]
      : [],
  );
  return [...named, ...others];
}

function registerValues(head: string): readonly Offer[] {
  const found = registerNamed(head.trim());
  return 'unknown' in found || !found.field ? [] : fieldValues(found.field);
}

/** Names that may begin an expression. */
function expressionNames(names: ScriptNames): readonly Offer[] {
  return [
    ...names.list().map(
      ({ name, kind, statement }): Offer => ({
        label: name,
        kind: kind === 'device' ? 'device' : 'name',
        detail: statement.rest?.text ?? 'device',
        insert: name,
      }),
    ),
    ...SCOPE_NAMES.map(
      ({ name, kind, usage, doc }): Offer => ({
        label: name,
        kind: kind === 'text' ? 'value' : 'name',
        detail: `${usage}: ${doc}`,
        insert: name,
      }),
    ),
  ];
}

/** What may stand in an expression after `written`: names, or the parts of what stands before the last dot. */
function inExpression(
  written: string,
  column: number,
  names: ScriptNames,
  first: readonly Offer[],
): readonly Completion[] {
  const [tail = ''] = /\w*$/.exec(written) ?? [];
  const start = column - tail.length;
  const [, of] = /((?:ste|cd)\([^()]*\)|[\w.]+)\.\w*$/.exec(written) ?? [];
  if (of === undefined)
    return at(start, [...(written.trim() === tail ? first : []), ...expressionNames(names)]);
  const structure = /^(ste|cd)\(/.exec(of)?.[1];
  if (structure !== undefined) {
    return at(start, SCRIPT_STRUCTURES[structure === 'ste' ? 'STE' : 'CD'].list.map(partOffer));
  }
  if (of === 'reg')
    return at(
      start,
      WORLDS.map((world) => ({ label: world, kind: 'value', detail: 'world', insert: world })),
    );
  if (of.startsWith('reg.')) return registers(`${of.slice('reg.'.length)}.${tail}`, column);
  const parts = bagParts(of, names) ?? [];
  return at(
    start,
    parts.map((name) => ({ label: name, kind: 'field', detail: of, insert: name })),
  );
}

function partOffer(field: Field): Offer {
  return { label: field.name, kind: 'field', detail: `${bitsText(field)} ${field.doc}`, insert: field.name };
}

/** `ns`, `ns.CR0`, `ns.CR0.SMMUEN`, part by part. */
function registers(written: string, column: number): readonly Completion[] {
  const parts = written.split('.');
  const start = column - (parts.at(-1) ?? '').length;
  const [world = '', stem = ''] = parts;
  if (parts.length === 1) {
    return at(
      start,
      WORLDS.map((name) => ({ label: name, kind: 'value', detail: 'world', insert: name })),
    );
  }
  const known = WORLDS.find((name) => name === world);
  if (!known) return [];
  if (parts.length === 2) {
    return at(
      start,
      scriptRegisters(known).map(({ stem: name, doc }) => ({
        label: name,
        kind: 'register',
        detail: doc,
        insert: name,
      })),
    );
  }
  const found = registerNamed(`${world}.${stem}`);
  return 'unknown' in found ? [] : at(start, found.register.layout.list.map(partOffer));
}

function taken(takes: Takes, names: ScriptNames): readonly Offer[] {
  const kind =
    takes === 'device' ? 'device' : takes === 'mnemonic' ? 'command' : takes === 'event' ? 'event' : 'value';
  return (choicesOf(takes, names) ?? []).map((label) => ({
    label,
    kind,
    detail: detailOf(takes, label),
    insert: label,
  }));
}

function detailOf(takes: Takes, label: string): string {
  if (takes === 'mnemonic') return commandSpecNamed(label)?.doc ?? '';
  return takes === 'event' ? (eventSpecNamed(label)?.doc ?? '') : '';
}

/** In a text: names after `{` of what is printed, nothing elsewhere. */
function inText(
  before: string,
  column: number,
  form: Form | undefined,
  names: ScriptNames,
): readonly Completion[] {
  const brace = before.lastIndexOf('{');
  const isTemplate = form?.words.some(({ takes }) => takes === 'template') === true;
  if (!isTemplate || brace < 0 || before.indexOf('}', brace) >= 0) return [];
  return inExpression(before.slice(brace + 1), column, names, []);
}
