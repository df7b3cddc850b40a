/** What an STE and a CD switch on beyond VMSAv8-64 with direct permissions: IHI 0070 3.26, 3.27, 5.2 and 5.4. */

import { CD } from '../../spec/cd.ts';
import { type FeatureName, feature } from '../../spec/features.ts';
import { STE } from '../../spec/ste.ts';
import type { WorldState } from '../state.ts';
import type { NotModelled } from './configuration.ts';

const { Config, S1PIE, S2AA64, S2PIE, S2POE, AssuredOnly, TL0, TL1 } = STE.fields;
const { AA64, PIE, PnCH, AIE } = CD.fields;
const { S2: STAGE2_ONLY } = Config.names;

interface Subject {
  readonly ste: Uint32Array;
  /** Null where stage 1 does not translate. */
  readonly cd: Uint32Array | null;
  readonly has: (name: FeatureName) => boolean;
}

interface Extension {
  readonly on: (s: Subject) => boolean;
  readonly reason: string;
  readonly rule: string;
}

const stage2On = (s: Subject): boolean => Config.get(s.ste, 0) >= STAGE2_ONLY;
const s2 = (s: Subject, ...features: readonly FeatureName[]): boolean => stage2On(s) && features.every(s.has);
const d128 = (s: Subject): boolean => s.has('IDR5.D128');

/** Every one of them, in the order in which a translation meets them. */
const EXTENSIONS = {
  'S2-D128': {
    on: (s) => stage2On(s) && d128(s) && S2AA64.get(s.ste, 0) === 0,
    reason: 'STE.S2AA64=0 selects VMSAv9-128 tables',
    rule: '5.2 S2AA64',
  },
  S2PIE: {
    on: (s) => s2(s, 'IDR3.S2PI') && S2AA64.get(s.ste, 0) === 1 && S2PIE.get(s.ste, 0) === 1,
    reason: 'STE.S2PIE=1: stage-2 permissions are indirect',
    rule: '3.26.2',
  },
  S2POE: {
    on: (s) => s2(s, 'IDR3.S2PI', 'IDR3.S2PO') && S2AA64.get(s.ste, 0) === 1 && S2POE.get(s.ste, 0) === 1,
    reason: 'STE.S2POE=1: stage-2 permissions have an overlay',
    rule: '3.26.2',
  },
  ASSURED: {
    on: (s) => s2(s, 'IDR3.THE') && AssuredOnly.get(s.ste, 0) === 1,
    reason: 'STE.AssuredOnly=1: stage 2 checks for assured translations',
    rule: '3.27.2',
  },
  TOP_LEVEL: {
    on: (s) => s2(s, 'IDR3.THE') && (TL0.get(s.ste, 0) | TL1.get(s.ste, 0)) === 1,
    reason: 'STE.TL0 or TL1=1: stage 2 checks top-level tables',
    rule: '5.2 TL0',
  },
  'S1-D128': {
    on: (s) => s.cd !== null && d128(s) && AA64.get(s.cd, 0) === 0,
    reason: 'CD.AA64=0 selects VMSAv9-128 tables',
    rule: '5.4 AA64',
  },
  S1PIE: {
    on: (s) =>
      s.cd !== null &&
      s.has('IDR3.S1PI') &&
      AA64.get(s.cd, 0) === 1 &&
      S1PIE.get(s.ste, 0) === 1 &&
      PIE.get(s.cd, 0) === 1,
    reason: 'CD.PIE=1: stage-1 permissions are indirect',
    rule: '3.26.1',
  },
} as const satisfies Readonly<Record<string, Extension>>;

/** Names of the extensions. */
export type ExtensionName = keyof typeof EXTENSIONS;

const NONE: ReadonlySet<ExtensionName> = new Set();

/**
 * The first extension that a stream has on and that a caller does not model, in words and with its section.
 * @param ste the words of the STE
 * @param cd the words of the CD; null where stage 1 does not translate, or before the CD is known
 * @param modelled extensions that need not be named
 */
export function notModelled(
  ste: Uint32Array,
  cd: Uint32Array | null,
  state: WorldState,
  modelled: ReadonlySet<ExtensionName> = NONE,
): NotModelled | null {
  const subject: Subject = { ste, cd, has: (name) => feature(state.ids, name) !== 0 };
  for (const [name, { on, reason, rule }] of Object.entries(EXTENSIONS))
    if (!modelled.has(name as ExtensionName) && on(subject)) return { reason, rule };
  return null;
}

/** AttrIndx has a fourth bit (5.4, AIE). VMSAv9-128 is not asked about. */
export function attributesExtended(cd: Uint32Array, state: WorldState): boolean {
  return feature(state.ids, 'IDR3.AIE') === 1 && AIE.get(cd, 0) === 1;
}

/**
 * Bit 52 of a VMSAv8-64 leaf is the Contiguous bit. With CD.PnCH it is the Protected attribute instead, which nothing
 * but STE.AssuredOnly asks for (3.27.1).
 */
export function hasContiguous(cd: Uint32Array, state: WorldState): boolean {
  return feature(state.ids, 'IDR3.THE') === 0 || AA64.get(cd, 0) === 0 || PnCH.get(cd, 0) === 0;
}
