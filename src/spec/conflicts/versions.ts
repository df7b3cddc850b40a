import type { FeatureTest } from '../feature-test.ts';
import { type Constraint, constraints } from './constraint.ts';

/** The version of the architecture that brought a feature: 3.x (2.3 to 2.8). */
const SINCE: readonly (readonly [minor: 2 | 3 | 4, features: readonly FeatureTest[]])[] = [
  [2, ['IDR3.BBML', 'IDR3.RIL', 'IDR3.STT', 'IDR3.MPAM', 'IDR3.FWB']],
  [3, ['IDR0.RME_IMPL', 'IDR0.ATSRECERR', 'IDR1.ECMDQ', 'IDR3.E0PD', 'IDR3.PTWNNC', 'IDR3.DPT']],
  [
    4,
    [
      'IDR0.HTTU==3',
      'IDR3.EPAN',
      'IDR3.S1PI',
      'IDR3.S2PI',
      'IDR3.S2PO',
      'IDR3.THE',
      'IDR3.AIE',
      'IDR3.MTEPERM',
      'IDR3.PASIDTT',
      'IDR5.DS',
      'IDR5.D128',
    ],
  ],
];

/** A version may take features of the next one, but none of the one after (2.9). */
const NOT_BEFORE: readonly Constraint[] = SINCE.flatMap(([minor, features]) =>
  constraints(
    'illegal',
    '2.9',
    features.map(
      (test) =>
        [
          [test],
          [`AIDR.ArchMinorRev>=${minor - 1}` as FeatureTest],
          `A feature of SMMUv3.${minor} is not permitted before SMMUv3.${minor - 1}.`,
        ] as const,
    ),
  ),
);

/** What each version fixes. */
const FIXED: readonly Constraint[] = [
  ...constraints('illegal', '6.3.8', [
    [[], ['AIDR.ArchMajorRev==0'], 'SMMUv3 has ArchMajorRev=0.'],
    [[], ['AIDR.ArchMinorRev<=4'], 'Versions above SMMUv3.4 are not known.'],
  ]),
  ...constraints('illegal', '6.3.1', [
    [
      ['AIDR.ArchMinorRev>=2', 'IDR0.S1P', 'IDR0.S2P'],
      ['IDR0.Hyp'],
      'From SMMUv3.2, both stages come with EL2 contexts.',
    ],
  ]),
  ...constraints('illegal', '2.6', [[['IDR0.RME_IMPL'], ['AIDR.ArchMinorRev>=2'], 'RME needs SMMUv3.2.']]),
  ...constraints('illegal', '6.3.4', [
    [['IDR3.XNX'], ['AIDR.ArchMinorRev>=1'], 'XNX is RES0 in SMMUv3.0.'],
    [['IDR3.PBHA'], ['AIDR.ArchMinorRev>=1'], 'PBHA is RES0 in SMMUv3.0.'],
    [['AIDR.ArchMinorRev>=1', 'IDR0.S2P'], ['IDR3.XNX'], 'From SMMUv3.1, stage 2 comes with XNX.'],
    [['AIDR.ArchMinorRev>=1', 'IDR0.S1P'], ['IDR3.HAD'], 'From SMMUv3.1, stage 1 comes with HAD.'],
    [['AIDR.ArchMinorRev>=2'], ['IDR3.BBML'], 'From SMMUv3.2, BBML is 1 or 2.'],
    [['AIDR.ArchMinorRev>=2'], ['IDR3.RIL'], 'RIL is 1 from SMMUv3.2.'],
    [['AIDR.ArchMinorRev>=2'], ['IDR3.FWB'], 'FWB is 1 from SMMUv3.2.'],
    [['AIDR.ArchMinorRev>=3'], ['IDR3.E0PD'], 'E0PD is 1 from SMMUv3.3.'],
    [['AIDR.ArchMinorRev>=3', 'IDR0.S2P'], ['IDR3.PTWNNC'], 'From SMMUv3.3, stage 2 comes with PTWNNC.'],
    [['AIDR.ArchMinorRev>=4'], ['IDR3.EPAN'], 'EPAN is 1 from SMMUv3.4.'],
    [['AIDR.ArchMinorRev>=4', 'IDR0.S2P'], ['IDR3.MTEPERM'], 'From SMMUv3.4, stage 2 comes with MTEPERM.'],
  ]),
  ...constraints('illegal', '6.3.6', [
    [['IDR5.VAX'], ['AIDR.ArchMinorRev>=1'], 'VAX is RES0 in SMMUv3.0.'],
    [['IDR5.OAS==6'], ['AIDR.ArchMinorRev>=1'], 'An output of 52 bits is reserved in SMMUv3.0.'],
    [['IDR5.OAS==7'], ['AIDR.ArchMinorRev>=4'], 'An output of 56 bits is reserved before SMMUv3.4.'],
  ]),
];

export const VERSION_CONSTRAINTS: readonly Constraint[] = [...NOT_BEFORE, ...FIXED];
