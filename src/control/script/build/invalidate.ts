import { UserError } from '../../../bits/user-error.ts';
import type { World } from '../../../bits/world.ts';
import type { Stage2Config, StreamConfig } from '../../../model/translate/configuration.ts';
import { isNonSecureIpa } from '../../../model/translate/stage2.ts';
import { CD } from '../../../spec/cd.ts';
import { feature } from '../../../spec/features.ts';
import { STE } from '../../../spec/ste.ts';
import { STREAM_WORLDS, type StreamWorld } from '../../../spec/stream-worlds.ts';
import { RANGE_SCALE_BITS } from '../../../spec/tlbi-range.ts';
import { encodeCommand, secure } from './commands.ts';
import type { Draft } from './draft.ts';
import { decodeSte, type FieldAssignments, locateCd, readSte, stateOf } from './structures.ts';

/** A range of a stream whose cached translations are to go. */
export interface InvalidateRange {
  readonly sid: number;
  /** SubstreamID, or -1. */
  readonly ssid: number;
  readonly iova: bigint;
  readonly size: bigint;
  /** Table descriptors stay. */
  readonly leaf: boolean;
}

/** NUM has 5 bits (4.4.1.1). */
const NUM_BITS = 5;
/** Without range commands one command names one page: more than this many make no sense to step through. */
const MAX_COMMANDS = 64;

const { NSCFG } = STE.fields;

const SYNC = (): Uint32Array => encodeCommand('SYNC', new Map());

/** Groups of commands, each of which ends in a CMD_SYNC: what follows needs what came before to be complete. */
export type CommandGroups = readonly (readonly Uint32Array[])[];

/** Everything that is cached. CFGI is complete before TLBI begins, or old configuration fills the TLB again (3.21.3). */
export function invalidateAll(draft: Draft): CommandGroups {
  return [
    [encodeCommand('CFGI_ALL', new Map(secure(draft.space))), SYNC()],
    [...everyTlbi(draft).map((name) => encodeCommand(name, new Map())), SYNC()],
  ];
}

/** The commands that together name every TLB entry of the queue's own Security state (4.4). */
function everyTlbi(draft: Draft): string[] {
  const { features, ids } = stateOf(draft);
  if (draft.space !== 's') return features.hyp ? ['TLBI_EL2_ALL', 'TLBI_NSNH_ALL'] : ['TLBI_NSNH_ALL'];
  const el3 = feature(ids, 'IDR0.RME_IMPL') === 1 ? [] : ['TLBI_EL3_ALL'];
  // Without Secure EL2 Secure entries bear no VMID.
  return feature(ids, 'S_IDR1.SEL2') === 1
    ? ['TLBI_S_EL2_ALL', 'TLBI_SNH_ALL', ...el3]
    : ['TLBI_NH_ALL', ...el3];
}

/** The configuration of one stream of a Security state: STE, L1STD, CDs and L1CDs. */
export function invalidateConfig(sid: number, world: World): CommandGroups {
  const stream: FieldAssignments = new Map([['StreamID', BigInt(sid)], ...secure(world)]);
  return [[encodeCommand('CFGI_STE', stream), encodeCommand('CFGI_CD_ALL', stream), SYNC()]];
}

/**
 * Translations of a range, by the tags that the stream's structures say now; its ATC afterwards, for what the ATC is
 * filled again from must be gone before (3.9.1).
 */
export function invalidateRange(draft: Draft, range: InvalidateRange): CommandGroups {
  const at = readSte(draft, range.sid);
  const stream = decodeSte(draft, range.sid, at);
  const targets = targetsOf(draft, range, stream, at.words);
  const commands = targets.flatMap(([mnemonic, tags, granuleBits]) =>
    tlbis(draft, range, mnemonic, tags, granuleBits),
  );
  const groups: Uint32Array[][] = [[...commands, SYNC()]];
  if (stateOf(draft).features.ats && atsEnabled(at.words)) groups.push([atcInvalidation(range), SYNC()]);
  return groups;
}

function atsEnabled(words: Uint32Array): boolean {
  return ((words[2] ?? 0) & (3 << 28)) !== 0;
}

/** What invalidates by address where CMD_TLBI_NH_VA does not reach (4.4). */
const VA_COMMANDS: Readonly<Partial<Record<StreamWorld, string>>> = {
  'NS-EL2': 'TLBI_EL2_VA',
  'NS-EL2-E2H': 'TLBI_EL2_VA',
  'S-EL2': 'TLBI_S_EL2_VA',
  'S-EL2-E2H': 'TLBI_S_EL2_VA',
  EL3: 'TLBI_EL3_VA',
  'Realm-EL2': 'TLBI_EL2_VA',
  'Realm-EL2-E2H': 'TLBI_EL2_VA',
};

type Target = readonly [mnemonic: string, tags: FieldAssignments, granuleBits: number];

/** The IPA spaces that a stream without stage 1 may use: of a Secure one the NS attribute as STE.NSCFG has it (5.2). */
function ipaTables({ stage2, nsCfg }: StreamConfig): readonly Stage2Config[] {
  if (stage2 === null) return [];
  const { nonSecure } = stage2;
  if (nonSecure === null || nsCfg === NSCFG.names.SECURE) return [stage2];
  return nsCfg === NSCFG.names.NONSECURE ? [nonSecure] : [stage2, nonSecure];
}

function targetsOf(
  draft: Draft,
  { sid, ssid, iova }: InvalidateRange,
  stream: StreamConfig,
  ste: Uint32Array,
): readonly Target[] {
  const vmid: [string, bigint][] = stream.vmid < 0 ? [] : [['VMID', BigInt(stream.vmid)]];
  if (!stream.translates1) {
    if (stream.stage2 === null)
      throw new UserError(`StreamID ${sid} does not translate: it has nothing to invalidate`);
    if (draft.space !== 's') return [['TLBI_S2_IPA', new Map(vmid), stream.stage2.granuleBits]];
    return ipaTables(stream).map((tables) => {
      const ns: [string, bigint][] = isNonSecureIpa(tables) ? [['NS', 1n]] : [];
      return ['TLBI_S_S2_IPA', new Map([...vmid, ...ns]), tables.granuleBits];
    });
  }
  const pa = locateCd(draft, sid, ste, Math.max(ssid, 0), false);
  const cd = draft.read(pa, CD.words, `CD of StreamID ${sid}`);
  const asid: [string, bigint][] = [['ASID', BigInt(CD.fields.ASID.get(cd, 0))]];
  const upper = ((iova >> 55n) & 1n) === 1n;
  const granule = upper
    ? [0, 14, 12, 16][CD.fields.TG1.get(cd, 0)]
    : [12, 16, 14, 0][CD.fields.TG0.get(cd, 0)];
  const bits = granule || 12;
  const tags = STREAM_WORLDS[stream.streamWorld].asid ? asid : [];
  const byRegime = VA_COMMANDS[stream.streamWorld];
  if (byRegime !== undefined) return [[byRegime, new Map(tags), bits]];
  return [['TLBI_NH_VA', new Map([...vmid, ...tags]), bits]];
}

/** By ranges where there are (IDR3.RIL), else page by page; too many pages go by ASID or VMID. */
function tlbis(
  draft: Draft,
  range: InvalidateRange,
  mnemonic: string,
  tags: FieldAssignments,
  granuleBits: number,
): Uint32Array[] {
  const { features } = stateOf(draft);
  const page = 1n << BigInt(granuleBits);
  const first = (range.iova / page) * page;
  let pages = (range.iova + range.size - first + page - 1n) / page;
  const leaf = range.leaf ? 1n : 0n;
  if (!features.ril) {
    if (pages > BigInt(MAX_COMMANDS)) return [wider(mnemonic, tags)];
    return Array.from({ length: Number(pages) }, (_, i) =>
      encodeCommand(mnemonic, new Map([...tags, ['Address', first + BigInt(i) * page], ['Leaf', leaf]])),
    );
  }
  const commands: Uint32Array[] = [];
  const maxScale = BigInt(2 ** (features.ds ? RANGE_SCALE_BITS.withDS : RANGE_SCALE_BITS.withoutDS) - 1);
  // A single page that says neither range nor level would be illegal with a granule (4.4.1.1).
  if (pages === 1n) return [encodeCommand(mnemonic, new Map([...tags, ['Address', first], ['Leaf', leaf]]))];
  let at = first;
  while (pages > 0n) {
    let scale = 0n;
    while (((pages >> scale) & 1n) === 0n && scale < maxScale) scale++;
    const num = (pages >> scale) & (2n ** BigInt(NUM_BITS) - 1n);
    const alone = num === 1n && scale === 0n;
    commands.push(
      encodeCommand(
        mnemonic,
        new Map([
          ...tags,
          ['Address', at],
          ['Leaf', leaf],
          ...(alone
            ? []
            : ([
                ['TG', BigInt((granuleBits - 10) / 2)],
                ['SCALE', scale],
                ['NUM', num - 1n],
              ] as const)),
        ]),
      ),
    );
    pages -= num << scale;
    at += (num << scale) * page;
  }
  return commands;
}

const WIDER: Readonly<Record<string, string>> = {
  TLBI_S2_IPA: 'TLBI_S12_VMALL',
  TLBI_S_S2_IPA: 'TLBI_S_S12_VMALL',
  TLBI_NH_VA: 'TLBI_NH_ASID',
};

/** The command for a whole address space. */
function wider(mnemonic: string, tags: FieldAssignments): Uint32Array {
  const whole = WIDER[mnemonic];
  // All of a VMID has no IPA space to name.
  if (whole !== undefined) return encodeCommand(whole, new Map([...tags].filter(([name]) => name !== 'NS')));
  const regime = mnemonic.replace(/_VA$/, '');
  return encodeCommand(`${regime}_${tags.has('ASID') ? 'ASID' : 'ALL'}`, tags);
}

/** CMD_ATC_INV of the smallest aligned span around a range; Size is log2 of pages of 4 KiB (4.5.1). */
function atcInvalidation({ sid, ssid, iova, size }: InvalidateRange): Uint32Array {
  const first = iova >> 12n;
  const last = (iova + size - 1n) >> 12n;
  const span = BigInt((first ^ last) === 0n ? 0 : (first ^ last).toString(2).length);
  const fields: [string, bigint][] = [
    ['StreamID', BigInt(sid)],
    ['Size', span],
    ['Address', ((first >> span) << span) << 12n],
  ];
  if (ssid >= 0) fields.push(['SSV', 1n], ['SubstreamID', BigInt(ssid)]);
  return encodeCommand('ATC_INV', new Map(fields));
}
