/** What the table of forms and the other tables say, as the reference of the script language shows it. */

import type { Field, Layout } from '../../src/bits/layout.ts';
import type { Form, Takes } from '../../src/control/script/form.ts';
import { FORMS, formsOf, KEYWORDS } from '../../src/control/script/forms.ts';
import { DEFAULT_WISH, READY_PLACES } from '../../src/control/script/machine.ts';
import { DEVICE_PARTS, SCOPE_NAMES } from '../../src/control/script/scope-names.ts';
import { CD } from '../../src/spec/cd.ts';
import { COMMAND_LIST } from '../../src/spec/commands.ts';
import { EVENT_LIST } from '../../src/spec/events.ts';
import { FEATURES } from '../../src/spec/features.ts';
import { L1CD } from '../../src/spec/l1cd.ts';
import { L1STD } from '../../src/spec/l1std.ts';
import { STE } from '../../src/spec/ste.ts';

const WORDS: Readonly<Record<Extract<Takes, string>, string>> = {
  expression: 'expression',
  world: 'world',
  worlds: 'worlds, with commas',
  'notifier-flags': 'UNMAP, MAP, DEVIOTLB_UNMAP, with commas',
  'queue-world': 'ns, s, realm',
  device: 'device',
  'new-name': 'new name',
  register: 'register',
  template: 'text with {expressions}',
  text: 'text',
  path: 'path',
  mnemonic: 'command',
  event: 'event',
  broadcast: 'broadcast',
  gerror: 'bit of GERROR',
  cerror: 'command error',
  preset: 'preset',
  permissions: 'permissions',
  word: 'word',
};

const FIELDS: Readonly<Record<NonNullable<Form['fields']>, string>> = {
  STE: 'any field of the STE',
  CD: 'any field of the CD',
  L1STD: 'any field of the descriptor',
  L1CD: 'any field of the descriptor',
  command: 'any field of the command',
  event: 'any field of the record',
  features: 'any field of an ID register, such as `IDR3.BBML`',
};

const takesText = (takes: Takes): string => (typeof takes === 'string' ? WORDS[takes] : takes.join(', '));
const cell = (text: string): string => text.replaceAll('|', '\\|');
const row = (...cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
const table = (head: readonly string[], lines: readonly string[]): string =>
  [row(...head), `|${head.map(() => '---|').join('')}`, ...lines].join('\n');
const titleOf = (form: Form): string =>
  form.keyword === 'expect' ? `expect ${form.subject ?? 'EXPR'}` : form.keyword;
/** The sentence that says the most: the first. */
const brief = (doc: string): string => /^.*?[^.…]\.(?= |$)/.exec(doc)?.[0] ?? doc;
/** As GitHub makes it of a heading. */
const anchorOf = (title: string): string => title.toLowerCase().replaceAll(' ', '-');

/** Each keyword with its first sentence; several forms of one keyword stand apart. */
function keywords(): string {
  return table(
    ['statement', 'what it does'],
    KEYWORDS.flatMap((keyword) => formsOf(keyword)).map((form) =>
      row(`[\`${titleOf(form)}\`](#${anchorOf(titleOf(form))})`, brief(form.doc)),
    ),
  );
}

function partsOf(form: Form): string[] {
  const after = { 'after-equals': 'after `=`', all: 'the rest of the line' } as const;
  return [
    ...form.words.map(({ name, takes, optional, doc }) =>
      row(`${name}${optional === true ? ' (optional)' : ''}`, takesText(takes), doc),
    ),
    ...(form.rest === undefined ? [] : [row(after[form.rest], 'expression', 'its value')]),
    ...form.arguments.map(({ name, takes, required, doc }) =>
      row(`\`${name}=\`${required === true ? ' (needed)' : ''}`, takesText(takes), doc),
    ),
    ...(form.fields === undefined
      ? []
      : [row('`FIELD=`', 'expression, or name of a value', FIELDS[form.fields])]),
    ...form.flags.map(({ name, doc }) => row(`\`${name}\``, 'flag', doc)),
  ];
}

function statement(form: Form): string {
  const parts = partsOf(form);
  return [
    `### ${titleOf(form)}`,
    '',
    ...form.usage.split('  |  ').map((usage) => `    ${usage}`),
    '',
    form.doc,
    ...(parts.length === 0 ? [] : ['', table(['part', 'is', 'meaning'], parts)]),
    '',
    '```smmu part',
    form.example,
    '```',
  ].join('\n');
}

function names(): string {
  return table(
    ['name', 'what it is'],
    SCOPE_NAMES.filter(({ kind }) => kind !== 'text').map(({ usage, doc }) => row(`\`${usage}\``, doc)),
  );
}

function texts(): string {
  const events = new Set<string>(EVENT_LIST.map(({ name }) => name));
  return SCOPE_NAMES.filter(({ kind, name }) => kind === 'text' && !events.has(name))
    .map(({ name }) => `\`${name}\``)
    .join(', ');
}

/** `S2POI0` … `S2POI15` as one, fields of a name by what they belong to. */
function valueRows(): string[] {
  const layouts: readonly [string, readonly Field[]][] = [
    ...[STE, CD, L1STD, L1CD].map((of: Layout): [string, readonly Field[]] => [of.name, of.list]),
    ...COMMAND_LIST.map(({ name, layout }): [string, readonly Field[]] => [
      name.slice('CMD_'.length),
      layout.list,
    ]),
    ['ID registers', FEATURES.map(({ name, field }) => ({ ...field, name }))],
  ];
  const rows = new Map<string, { readonly fields: Set<string>; readonly owners: Set<string> }>();
  for (const [owner, list] of layouts) {
    for (const { name, names: named } of list) {
      if (named === undefined) continue;
      const values = Object.entries(named)
        .map(([word, value]) => `${word}=${value}`)
        .join(', ');
      const family = /^(?:PII[UP]|S2POI)\d+$/.test(name) ? name.replace(/\d+$/, 'n') : name;
      const kind = owner.startsWith('TLBI_') ? 'TLBI_*' : owner;
      const at = rows.get(values) ?? { fields: new Set(), owners: new Set() };
      at.fields.add(family);
      at.owners.add(kind);
      rows.set(values, at);
    }
  }
  return [...rows].map(([values, { fields, owners }]) =>
    row([...owners].join(', '), [...fields].map((name) => `\`${name}\``).join(', '), values),
  );
}

const hex = (n: number): string => `0x${n.toString(16)}`;

function machine(): string {
  const { base, size } = DEFAULT_WISH.ram;
  const place = (offset: number): string => hex(base + offset);
  return table(
    ['at', 'what'],
    [
      row(
        hex(base),
        `RAM begins; it ends before ${hex(base + size)} (\`ram\` and \`size\` move it, and all below with it)`,
      ),
      row(place(READY_PLACES.streamTable), 'stream table'),
      row(place(READY_PLACES.commandQueue), 'command queue'),
      row(place(READY_PLACES.eventQueue), 'event queue'),
      row(place(READY_PLACES.priQueue), 'PRI queue, where the SMMU has one'),
      row(place(READY_PLACES.tables), 'tables that statements make'),
    ],
  );
}

const INLINE: Readonly<Record<string, () => string>> = {
  'device-parts': () => DEVICE_PARTS.map((part) => `\`${part}\``).join(', '),
  texts,
};

const SECTIONS: Readonly<Record<string, () => string>> = {
  keywords,
  statements: () => FORMS.map(statement).join('\n\n'),
  names,
  values: () => table(['of', 'field', 'values'], valueRows()),
  machine,
};

/** The reference with every part between `<!-- NAME -->` and `<!-- end -->` made from the tables anew. */
export function renewed(text: string): string {
  return text.replace(/<!-- ([a-z-]+) -->[\s\S]*?<!-- end -->/g, (_, name: string) => {
    const inline = INLINE[name];
    const section = SECTIONS[name];
    if (inline) return `<!-- ${name} -->${inline()}<!-- end -->`;
    if (!section) throw new Error(`nothing makes the part ${name}`);
    return `<!-- ${name} -->\n\n${section()}\n\n<!-- end -->`;
  });
}

/** The parts that are made. */
export const MADE: readonly string[] = [...Object.keys(INLINE), ...Object.keys(SECTIONS)];
