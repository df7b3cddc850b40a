import { mostOf, NONSECURE_FEATURES } from '../feature-most.ts';
import type { FeatureName } from '../feature-test.ts';
import { FEATURES, type FeatureValues, ids } from '../features.ts';
import type { Preset } from './preset.ts';

/** Where the most of everything is no SMMU, because options exclude each other: what is left out, and why. */
export const LEFT_OUT: Readonly<
  Partial<Record<FeatureName, { readonly value: number; readonly why: string }>>
> = {
  'IDR0.TTF': { value: 2, why: 'VMSAv9-128 and the Device Permission Table exclude VMSAv8-32 LPAE tables.' },
  'IDR0.RME_IMPL': { value: 0, why: 'RME needs the Root registers, which belong to another state.' },
};

const MOST: FeatureValues = Object.fromEntries(
  NONSECURE_FEATURES.map(({ name }) => [name, LEFT_OUT[name]?.value ?? mostOf(name)]),
);

/** The most of every field of some ID registers. */
function mostOfBanks(banks: RegExp): FeatureValues {
  const fields = FEATURES.filter(({ register }) => banks.test(register));
  return Object.fromEntries(fields.map(({ name }) => [name, mostOf(name)]));
}

const SECURE_MOST = mostOfBanks(/^S_/);
const REALM_MOST = mostOfBanks(/^(?:R|ROOT)_/);

/** The ends of what the architecture allows. */
export const ARCHITECTURE_PRESETS: readonly Preset[] = [
  {
    name: 'architecture-max',
    doc: 'everything that SMMUv3.4 offers to the Non-secure state',
    source: 'IHI 0070, chapters 2 and 6.3',
    note:
      'TTENDIAN, STALL_MODEL and TERM_MODEL leave the choice to software, split-stage ATS is supported, and no table or ' +
      'queue is preset.',
    values: ids(MOST),
  },
  {
    name: 'architecture-secure',
    doc: 'everything that SMMUv3.4 offers to the Non-secure and the Secure state, without RME',
    source: 'IHI 0070, chapters 2, 3.10 and 6.3',
    note: 'EL3 contexts exist only without RME.',
    values: ids({ ...MOST, ...SECURE_MOST }),
  },
  {
    name: 'architecture-rme',
    doc: 'everything that SMMUv3.4 offers to all four states: Secure EL2, granule protection, Realm',
    source: 'IHI 0070, chapters 2, 3.10, 3.25 and 6.3',
    note: 'The Realm pages lie at 0x60000; the system places the Root page.',
    values: ids({ ...MOST, 'IDR0.RME_IMPL': 1, ...SECURE_MOST, ...REALM_MOST }),
  },
  {
    name: 'architecture-min',
    doc: 'the least that SMMUv3.0 needs to translate: stage 1, VMSAv8-64, 4KB granule, one stream',
    source: 'IHI 0070, chapters 2 and 6.3',
    values: ids({
      'IDR0.S1P': 1,
      'IDR0.TTF': 2,
      'IDR0.TTENDIAN': 2,
      'IDR0.STALL_MODEL': 1,
      'IDR0.TERM_MODEL': 1,
      'IDR1.SIDSIZE': 0,
      'IDR2.BA_VATOS': 0,
      'IDR3.HAD': 0,
      'IDR4.IMPDEF': 0,
      'IDR5.GRAN4K': 1,
      'IIDR.Implementer': 0,
      'AIDR.ArchMinorRev': 0,
    }),
  },
];
