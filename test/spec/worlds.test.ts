/** Every fact of the vectors about Security states is a numbered statement, and none stands for nothing. */

import { expect, test } from 'vitest';
import { WORLD_STATEMENTS } from '../../src/spec/world-statements.ts';
import { SPACE_BY_FPAS, SPACE_BY_NSE_NS, WORLD_BY_SEC_SID, WORLD_FACTS } from '../../src/spec/worlds.ts';
import { vectors } from './vectors.ts';

interface Facts {
  readonly sec_sid: number | null;
  readonly cmdq: boolean;
  readonly eventq: boolean;
  readonly output_space: readonly string[];
}

interface Worlds {
  readonly _schema: unknown;
  readonly worlds: Readonly<Record<string, Facts>>;
  readonly [key: string]: unknown;
}

const WORLD_OF = { NonSecure: 'ns', Secure: 's', Realm: 'realm', Root: 'root' } as const;

/** The statement of each fact of one state; those of a list are counted from 0. */
const OWN: Readonly<Record<string, string>> = {
  sec_sid: 'SEC-SID',
  present: 'PRESENT',
  registers: 'REGISTERS',
  register_access: 'ACCESS',
  stream_table: 'STRTAB',
  cmdq: 'CMDQ',
  eventq: 'EVENTQ',
  priq: 'PRIQ',
  'structure_fetch_space.STE/L1STD/VMS': 'FETCH-STE',
  'structure_fetch_space.CD/L1CD': 'FETCH-CD',
  'structure_fetch_space.tables': 'FETCH-TT',
  'structure_fetch_space.stage-1 tables': 'FETCH-TT1',
  'structure_fetch_space.stage-2 tables': 'FETCH-TT2',
  'structure_fetch_space.queues': 'FETCH-QUEUES',
  'structure_fetch_space.MSI': 'FETCH-MSI',
  output_space: 'OUTPUT',
  streamworlds: 'STREAMWORLDS',
  disabled_behaviour: 'DISABLED',
  stall: 'STALL',
  ats: 'ATS',
  streams: 'STREAMS',
};

const PREFIX: Readonly<Record<string, string>> = { NonSecure: 'NS', Secure: 'S', Realm: 'R', Root: 'ROOT' };

const LISTED: Readonly<Record<string, readonly string[]>> = {
  'Secure.notes': ['S-STAGE2', 'S-VMID0', 'S-SIF', 'S-INV-ALL', 'S-RME-SEL2'],
  'Realm.notes': ['R-LPAE', 'R-NSCFG', 'R-NS-EXEC', 'R-MECID', 'R-SSEC'],
  'Root.role': ['ROOT-ROLE-GPC', 'ROOT-ROLE-TLBI', 'ROOT-ROLE-FAR'],
  can: ['CAN-S-TLBI', 'CAN-S-INIT', 'CAN-S-NSSTALLD', 'CAN-ROOT-GPC', 'CAN-ROOT-TLBI'],
  cannot: ['CANNOT-REGS', 'CANNOT-OVER-INVALIDATE', 'CANNOT-SID', 'CANNOT-TAGS'],
  tlb_separation: ['TLB-SEPARATE', 'TLB-S-IPA', 'TLB-VMW'],
};

/** Facts between the states. `command_scope.detail` names the table of the commands, which has vectors of its own. */
const BETWEEN: Readonly<Record<string, string>> = {
  'sec_sid_encoding.0': 'SEC-SID-0',
  'sec_sid_encoding.1': 'SEC-SID-1',
  'sec_sid_encoding.2': 'SEC-SID-2',
  'sec_sid_encoding.3': 'SEC-SID-3',
  'sec_sid_encoding.no SECURE_IMPL': 'SEC-SID-NO-SECURE',
  'pa_space_encoding.NS bit only': 'PA-NS-BIT',
  'pa_space_encoding.NSE:NS': 'PA-NSE-NS',
  'pa_space_encoding.FPAS': 'PA-FPAS',
  event_routing: 'EVENTS-ROUTING',
  'command_scope.NS queue': 'CMD-NS',
  'command_scope.S queue': 'CMD-S',
  'command_scope.R queue': 'CMD-R',
  'command_scope.detail': 'CMD-S',
  'ns_attribute_input.no SECURE_IMPL': 'NSIN-NO-SECURE',
  'ns_attribute_input.Secure stream': 'NSIN-S',
  'ns_attribute_input.Realm stream': 'NSIN-R',
  'ns_attribute_input.Non-secure stream': 'NSIN-NS',
  mmio_decode_example: 'MMIO-BANK',
};

/** What the routing says of refused outputs is a statement of its own. */
const SECOND_HALVES = ['EVENTS-GPF'];

function statementOf(path: readonly string[]): string | undefined {
  const index = Number(path.at(-1));
  const list = path.at(-2) ?? '';
  if (path[0] === 'worlds') {
    const [, world = '', ...rest] = path;
    const listed = LISTED[`${world}.${list}`]?.[index];
    if (listed !== undefined) return listed;
    const own = OWN[rest.join('.')];
    return own === undefined ? undefined : `${PREFIX[world]}-${own}`;
  }
  return LISTED[list]?.[index] ?? BETWEEN[path.join('.')] ?? BETWEEN[path.slice(0, -1).join('.')];
}

/** Paths of all facts; those of a list that says one thing are one fact. */
function facts(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (Array.isArray(value) && ['output_space', 'streamworlds'].includes(path.at(-1) ?? '')) return [path];
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([key, inner]) => facts(inner, [...path, key]));
}

const { _schema: _, ...given } = vectors<Worlds>('worlds');

test('every fact about Security states is a statement', () => {
  const all = facts(given);
  expect(all.length).toBeGreaterThan(90);
  const missing = all.filter((path) => !Object.hasOwn(WORLD_STATEMENTS, statementOf(path) ?? ''));
  expect(missing.map((path) => path.join('.'))).toEqual([]);
});

test('every statement stands for a fact', () => {
  const said = new Set(facts(given).map(statementOf));
  expect(Object.keys(WORLD_STATEMENTS).filter((id) => !said.has(id))).toEqual(SECOND_HALVES);
});

test.each(Object.entries(WORLD_OF))(
  '%s has the SEC_SID, queues and output spaces of the vectors',
  (name, world) => {
    const { sec_sid, cmdq, eventq, output_space } = given.worlds[name] as Facts;
    const facts = WORLD_FACTS[world];
    expect([facts.secSid, facts.commandQueue, facts.eventQueue]).toEqual([sec_sid, cmdq, eventq]);
    expect(facts.outputSpaces.length).toBe(output_space.length);
    if (sec_sid !== null) expect(WORLD_BY_SEC_SID[sec_sid]).toBe(world);
  },
);

test('spaces are encoded as the vectors say', () => {
  const codes = given['pa_space_encoding'] as Record<string, Record<string, string>>;
  const names = { Secure: 's', 'Non-secure': 'ns', Root: 'root', Realm: 'realm' } as const;
  const of = (table: string): string[] =>
    Object.entries(codes[table] ?? {}).map(
      ([key, name]) =>
        `${Number.parseInt(key, table === 'FPAS' ? 10 : 2)} ${names[name as keyof typeof names]}`,
    );
  expect(of('NSE:NS').sort()).toEqual(SPACE_BY_NSE_NS.map((space, i) => `${i} ${space}`));
  expect(of('FPAS').sort()).toEqual(SPACE_BY_FPAS.map((space, i) => `${i} ${space}`));
});
