/** Words and values of a statement by what their form takes. */

import type { Field, Layout } from '../../bits/layout.ts';
import { valueByName } from '../../bits/values.ts';
import { WORLDS } from '../../bits/world.ts';
import { BROADCASTS, GPT_BROADCASTS } from '../../spec/broadcast.ts';
import { CERRORS } from '../../spec/cerror.ts';
import { EVENT_LIST } from '../../spec/events.ts';
import { FEATURES, featureNamed } from '../../spec/features.ts';
import { GERROR_NAMES } from '../../spec/gerror.ts';
import { NO_NOTIFIER_FLAG, NOTIFIER_FLAGS } from '../../spec/notifiers.ts';
import { PRESET_NAMES, presetNamed } from '../../spec/presets.ts';
import { checkExpression, unknown } from './check-expression.ts';
import type { ScriptNames } from './check-names.ts';
import { misfit } from './field-value.ts';
import type { Takes } from './form.ts';
import { formsOf } from './forms.ts';
import {
  commandSpecNamed,
  eventSpecNamed,
  fieldNamed,
  MNEMONICS,
  registerNamed,
  SCRIPT_STRUCTURES,
  scriptRegisters,
} from './names.ts';
import { type Bound, error, type NamedField } from './parse-bind.ts';
import type { Problem, Word } from './statement.ts';
import { templateExpressions } from './template-parts.ts';

const QUEUE_WORLDS = ['ns', 's', 'realm'] as const;

/** Words that a kind of place takes, or null when any expression, name or text may stand there. */
export function choicesOf(takes: Takes, names: ScriptNames): readonly string[] | null {
  if (typeof takes !== 'string') return takes;
  switch (takes) {
    case 'world':
      return WORLDS;
    case 'queue-world':
      return QUEUE_WORLDS;
    case 'device':
      return names.list().flatMap(({ kind, name }) => (kind === 'device' ? [name] : []));
    case 'mnemonic':
      return MNEMONICS;
    case 'event':
      return EVENT_LIST.map(({ name }) => name);
    case 'broadcast':
      return [...Object.keys(BROADCASTS), ...Object.keys(GPT_BROADCASTS)];
    case 'gerror':
      return GERROR_NAMES;
    case 'cerror':
      return Object.keys(CERRORS).flatMap((name) => [name.replace('CERROR_', ''), name]);
    case 'preset':
      return PRESET_NAMES;
    default:
      return null;
  }
}

const CALLED: Readonly<Partial<Record<string, string>>> = {
  'queue-world': 'world with a queue',
  mnemonic: 'command',
  gerror: 'global error',
  cerror: 'command error',
  broadcast: 'broadcast invalidation',
};

/** What may stand between commas, by the kind of place. */
const LISTS: Readonly<
  Record<string, { readonly called: string; readonly of: readonly string[] } | undefined>
> = {
  worlds: { called: 'world', of: WORLDS },
  'notifier-flags': { called: 'flag of notifiers', of: [...Object.keys(NOTIFIER_FLAGS), NO_NOTIFIER_FLAG] },
};

/** Words that may stand between the commas of a list, or null where the place takes no list. */
export function listedBy(takes: Takes): readonly string[] | null {
  return LISTS[takes as string]?.of ?? null;
}

/** What is wrong with a word or value, by what its place takes. */
export function checkTaken(word: Word, takes: Takes, names: ScriptNames): readonly Problem[] {
  if (takes === 'expression') return checkExpression(word, names).problems;
  if (takes === 'template') {
    return templateExpressions(word.text).flatMap(
      ({ text, offset }) => checkExpression(word, names, text, offset).problems,
    );
  }
  if (takes === 'register') return checkRegister(word);
  if (takes === 'permissions') {
    return /^(?!$)r?w?x?$/.test(word.text)
      ? []
      : [error(word, `"${word.text}" is no permission; write some of r, w, x in this order: rw`)];
  }
  const listed = LISTS[takes as string];
  if (listed !== undefined) {
    const wrong = word.text.split(',').find((one) => !listed.of.includes(one));
    return wrong === undefined ? [] : [unknown(word, wrong, listed.called, listed.of)];
  }
  if (takes === 'path' || takes === 'text') return checkText(word, takes);
  // Asked for by itself: a script may have very many, and each line names some.
  if (takes === 'device' && names.get(word.text)?.kind === 'device') return [];
  const choices = choicesOf(takes, names);
  if (choices === null || isKnown(word.text, takes, choices)) return [];
  if (typeof takes === 'string') return [unknown(word, word.text, CALLED[takes] ?? takes, choices)];
  return [error(word, `"${word.text}" was not expected here; write ${choices.join(' or ')}`)];
}

function isKnown(text: string, takes: Takes, choices: readonly string[]): boolean {
  if (takes === 'mnemonic') return commandSpecNamed(text) !== undefined;
  if (takes === 'event') return eventSpecNamed(text) !== undefined;
  if (takes === 'preset') return presetNamed(text) !== undefined;
  return choices.includes(text);
}

function checkText(word: Word, takes: 'path' | 'text'): readonly Problem[] {
  if (!word.quoted) {
    return [
      {
        ...error(word, `a ${takes} stands in quotes: "${word.text}"`),
        fix: { title: 'Put it in quotes', replacement: `"${word.text}"` },
      },
    ];
  }
  if (takes === 'path' && /^(?:[\\/]|[A-Za-z]:)/.test(word.text)) {
    return [error(word, 'the path must be relative to the script')];
  }
  return word.text === '' ? [error(word, `the ${takes} is empty`)] : [];
}

function checkRegister(word: Word): readonly Problem[] {
  const found = registerNamed(word.text);
  if (!('unknown' in found)) return [];
  const [world = '', stem = '', field = ''] = word.text.split('.');
  const part = (from: number, length: number) => ({
    line: word.line,
    start: word.start + from,
    end: word.start + from + length,
  });
  if (found.unknown === 'world') {
    const problem = unknown(part(0, world.length), world, 'world', WORLDS);
    if ('unknown' in registerNamed(`ns.${word.text}`)) return [problem];
    return [
      {
        ...error(word, `the world is missing; write ns.${word.text}`),
        fix: { title: 'Insert the world ns', replacement: `ns.${word.text}` },
      },
    ];
  }
  if (found.unknown === 'register') {
    const stems = scriptRegisters(world as (typeof WORLDS)[number]).map((register) => register.stem);
    return [unknown(part(world.length + 1, stem.length), stem, `register of ${world}`, stems)];
  }
  const whole = registerNamed(`${world}.${stem}`);
  const fields = 'unknown' in whole ? [] : whole.register.layout.list.map(({ name }) => name);
  return [unknown(part(world.length + stem.length + 2, field.length), field, `field of ${stem}`, fields)];
}

/** The structure whose fields the statement names, or null when it has none or does not say which. */
export function layoutOf({ form, words }: Bound): Layout | null {
  switch (form.fields) {
    case undefined:
    case 'features':
      return null;
    case 'command':
      return commandSpecNamed(words.get('mnemonic')?.text ?? '')?.spec.layout ?? null;
    case 'event':
      return eventSpecNamed(words.get('event')?.text ?? '')?.layout ?? null;
    default:
      return SCRIPT_STRUCTURES[form.fields];
  }
}

/** What is wrong with the fields that a statement names. */
export function checkFields(bound: Bound, names: ScriptNames): readonly Problem[] {
  const { form, fields } = bound;
  if (form.fields === 'features') return fields.flatMap((named) => checkFeature(named, names));
  if (form.fields === undefined) {
    const params = form.arguments.map(({ name }) => name);
    return fields.map(({ name }) => unknown(name, name.text, `argument of ${form.keyword}`, params));
  }
  const of = layoutOf(bound);
  if (!of) return [];
  const offered = of.list.filter(({ name }) => name !== 'Opcode' && name !== 'EventNumber');
  return fields.flatMap(({ name, value }) => {
    const field = fieldNamed(of, name.text);
    if (!field || !offered.includes(field)) {
      const others = [...offered, ...form.arguments, ...form.flags].map((one) => one.name);
      return [unknown(name, name.text, `field of ${of.name}`, others)];
    }
    if (value !== null) return value.text === '' ? [] : checkValue(field, value, names);
    if (field.width === 1) return [];
    return [error(name, `${field.name} has ${field.width} bits and needs a value; write ${field.name}=…`)];
  });
}

function machineArguments(): readonly string[] {
  return formsOf('machine').flatMap((form) => form.arguments.map((argument) => argument.name));
}

function checkFeature({ name, value }: NamedField, names: ScriptNames): readonly Problem[] {
  const found = featureNamed(name.text);
  if (!found || value === null) {
    return [
      unknown(name, name.text, 'argument of machine or field of an ID register', [
        ...machineArguments(),
        ...FEATURES.map((one) => one.name),
      ]),
    ];
  }
  return checkValue(found.field, value, names);
}

/** What is wrong with the value of a field: it names nothing, or does not fit. */
export function checkValue(field: Field, word: Word, names: ScriptNames): readonly Problem[] {
  if (valueByName(field, word.text) !== undefined) return [];
  const { value, problems } = checkExpression(word, names);
  if (problems.length > 0) {
    const own = Object.keys(field.names ?? {});
    return own.length > 0 && /^\w+$/.test(word.text)
      ? [
          unknown(word, word.text, `value of ${field.name}`, [
            ...own,
            ...names.list().map(({ name }) => name),
          ]),
        ]
      : problems;
  }
  if (value === null) return [];
  const number = typeof value === 'boolean' ? BigInt(value) : value;
  if (typeof number !== 'bigint') return [error(word, `${field.name} takes a number`)];
  const why = misfit(field, number);
  return why === null ? [] : [error(word, `${word.text} ${why}`)];
}
