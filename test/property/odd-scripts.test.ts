/** Statements about Security states, granules and notifiers with values that make no sense: they are told, and nothing hangs. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FORMS } from '../../src/control/script/forms.ts';
import { run } from '../control/script/kit.ts';
import { patience, runs } from './runs.ts';

const SCRIPTS = 150;
/** Milliseconds that a script of a few statements may take, on a machine with other work. */
const SLOW = 8000;

const number = fc.constantFrom(
  '0',
  '1',
  '-1',
  '4K',
  '8',
  '0x1000',
  '0x50000000',
  '0x5000_0800',
  '0x60000000',
  '2M',
  '512M',
  '1G',
  '(1 << 40)',
  '(1 << 48)',
  '(1 << 51)',
  '(1 << 52)',
  '(1 << 63)',
  '(1 << 64)',
  '(1 << 200)',
  '0xfffffffffffff000',
  'nothing',
  'sec.sid',
  '""',
);
const world = fc.constantFrom('ns', 's', 'realm', 'root', 'NS', 'secure', '');
const worlds = fc.constantFrom('ns', 's,ns', 'realm,root', 's,s', ',', 'ns,', 'x');
const device = fc.constantFrom('sec', 'net', 'dual', 'gone', '8', '"sec"');
const word = fc.constantFrom('x', '', '"', '"x', 'on', 'off', 'next', '4KB', '{', 'a=b=c', '#');

/** Something for a place of a form: often what it takes, at times what it does not. */
function valueFor(takes: (typeof FORMS)[number]['words'][number]['takes']): fc.Arbitrary<string> {
  const fit =
    typeof takes !== 'string'
      ? fc.constantFrom(...takes)
      : takes === 'world' || takes === 'queue-world'
        ? world
        : takes === 'worlds'
          ? worlds
          : takes === 'device'
            ? device
            : takes === 'mnemonic'
              ? fc.constantFrom('TLBI_NH_ALL', 'TLBI_S_EL2_ALL', 'CFGI_STE', 'TLBI_SNH_ALL', 'SYNC')
              : takes === 'expression'
                ? number
                : word;
  return fc.oneof({ weight: 12, arbitrary: fit }, { weight: 1, arbitrary: fc.oneof(number, word, world) });
}

const ABOUT = [
  'map',
  'unmap',
  'ste',
  'cd',
  'poke',
  'gpt',
  'gpc',
  'access',
  'cmd',
  'invalidate',
  'dma',
  'page',
  'notifiers',
  'notifier',
  'unregister',
  'obtain',
  'reset',
  'unplug',
  'broadcast',
  'expect',
];
const USED = FORMS.filter(({ keyword }) => ABOUT.includes(keyword));

const fields = fc.constantFrom(
  '',
  ' V=1',
  ' Config=7',
  ' SSec',
  ' S2SA=1 S2SW=1',
  ' StreamID=0xffffffff SSec=2',
  ' S_S2TTB=(1 << 51)',
  ' NSCFG0=1',
);

/** A statement of a form with most of its parts. */
const statement: fc.Arbitrary<string> = fc.constantFrom(...USED).chain((form) => {
  const words = form.words.map(({ takes, optional }) =>
    optional === true ? fc.oneof(fc.constant(''), valueFor(takes)) : valueFor(takes),
  );
  const args = form.arguments.map(({ name, takes, required }) => {
    const given = valueFor(takes).map((value) => `${name}=${value}`);
    return required === true
      ? fc.oneof({ weight: 20, arbitrary: given }, { weight: 1, arbitrary: fc.constant('') })
      : fc.oneof({ weight: 2, arbitrary: fc.constant('') }, { weight: 1, arbitrary: given });
  });
  const flags = form.flags.map(({ name }) => fc.constantFrom('', '', name));
  const rest = form.rest === undefined ? fc.constant('') : number.map((value) => `= ${value}`);
  return fc.tuple(fc.tuple(...words, ...args, ...flags), rest, fields).map(([parts, rest, more]) => {
    const head = [form.keyword, form.subject ?? '', ...parts].filter((part) => part !== '').join(' ');
    return `${head}${form.fields === undefined ? '' : more} ${rest}`.trimEnd();
  });
});

const sound = number.filter((text) => !/^(?:nothing|""|-1|\(1 << (?:64|200)\))$/.test(text));
const state = fc.constantFrom('ns', 's', 'realm');
const optional = (of: fc.Arbitrary<string>, name: string): fc.Arbitrary<string> =>
  fc.oneof(
    fc.constant(''),
    of.map((value) => ` ${name}=${value}`),
  );
const sid = fc.constantFrom('8', '9', '10', '0xffff', '0x10000', '0xffffffff');

/** A template whose holes are filled: each part is right by itself. */
function made(texts: TemplateStringsArray, ...holes: readonly fc.Arbitrary<string>[]): fc.Arbitrary<string> {
  return fc.tuple(...holes).map((found) => texts.reduce((all, text, i) => `${all}${found[i - 1]}${text}`));
}

const gpi = fc.constantFrom('REALM', 'SECURE', 'NO_ACCESS', 'ANY');
const region = fc.constantFrom('2M', '32M', '512M');
const granule = fc.constantFrom('4KB', '16KB', '64KB');
const reach = fc.constantFrom('32bit', '40bit', '48bit', '52bit');

/** Statements that are right but for what their values come to. */
const wellFormed: fc.Arbitrary<string> = fc.oneof(
  made`map ${state} sid=${sid} iova=${sound} pa=${sound} size=${sound}${optional(state, 'space')}${optional(state, 'tables')}`,
  made`map ${state} sid=${sid} stage=2 iova=${sound} pa=${sound} size=${sound}${optional(state, 'ipa')}${optional(state, 'space')}`,
  made`map ${state} sid=${sid} iova=0x1000 pa=0x50000000 size=64K${optional(state, 'tables')}`,
  made`unmap ${state} sid=${sid} iova=${sound} size=${sound}`,
  made`gpt ${sound} ${sound} ${gpi}${optional(region, 'contiguous')}${optional(granule, 'pgs')}${optional(reach, 'pps')}`,
  made`gpt ${sound} ${sound} ${gpi} next${optional(region, 'contiguous')}`,
  made`gpc on${optional(granule, 'pgs')}${optional(reach, 'pps')}`,
  made`gpc invalidate ${sound} ${sound}`,
  fc.constantFrom('gpc update', 'gpc off', 'gpc invalidate', 'notifiers policy=route accepts=map'),
  made`access ${fc.constantFrom('ns', 's', 'realm', 'root')} read ${sound} ${sound}`,
  made`invalidate ${state} sid=${sid} iova=${sound} size=${sound}`,
  made`dma ${fc.constantFrom('sec', 'net', 'dual')} write ${sound} ${sound}`,
  made`notifier ${fc.constantFrom('sec', 'net', 'dual')} consumer=custom iova=${sound} size=${sound}${optional(sound, 'index')}`,
  made`obtain ${fc.constantFrom('sec', 'net')} ${sound}`,
  made`expect held net ${sound}${optional(state, 'space')}`,
  made`cmd ${state} TLBI_NH_VA Address=${sound}`,
  made`cmd s CFGI_STE StreamID=${sid} SSec`,
  made`ste ${state} ${sid} Config=7 V=1 S1ContextPtr=${sound} S2TTB=${sound} S_S2TTB=${sound}`,
  made`poke ${fc.constantFrom('ns', 's', 'realm', 'root')} ${sound} = ${sound}`,
  made`reg root.GPT_BASE = ${sound}`,
  made`reg s.STRTAB_BASE = ${sound}`,
);

const machine = fc.constantFrom(
  'machine preset=architecture-rme',
  'machine preset=architecture-rme l0gptsz=512GB worlds=s,realm',
  'machine preset=architecture-secure',
  'machine',
  'machine preset=architecture-rme bare',
  'machine preset=architecture-rme size=64M',
);

const DEVICES = 'device sec sid=8 world=s\ndevice net sid=9\ndevice dual sid=10 worlds=s,ns';

/** What a message never says: it speaks to people. */
const NONSENSE = /undefined|NaN|\[object|null\b|RangeError|TypeError/;

test(
  `what makes no sense is told (${SCRIPTS} scripts)`,
  async () => {
    let told = 0;
    let executed = 0;
    const property = fc.asyncProperty(
      machine,
      fc.array(fc.oneof(statement, { weight: 2, arbitrary: wellFormed }), { minLength: 1, maxLength: 8 }),
      async (first, statements) => {
        const began = Date.now();
        for (const one of statements) {
          const text = [first, DEVICES, one].join('\n');
          const { unreadable, tests } = await run(text);
          const messages = [
            ...(unreadable === undefined || unreadable === null ? [] : [unreadable.message]),
            ...tests.flatMap(({ failures }) => failures.map((failure) => failure.text)),
          ];
          if (messages.length > 0) told++;
          else executed++;
          for (const message of messages) {
            expect({ one, message }).toEqual({ one, message: expect.not.stringMatching(NONSENSE) });
            expect(message.length).toBeLessThan(2000);
          }
        }
        // All of them in one script, whatever became of those before.
        await run([first, DEVICES, ...statements].join('\n'));
        expect(Date.now() - began).toBeLessThan(SLOW);
      },
    );
    await fc.assert(property, runs(SCRIPTS));
    expect([told, executed].every((count) => count > SCRIPTS / 4)).toBe(true);
  },
  patience,
);
