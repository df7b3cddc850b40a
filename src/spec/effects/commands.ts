import { COMMAND_LIST, COMMANDS, type CommandSpec } from '../commands.ts';
import type { FeatureTest } from '../feature-test.ts';
import { RANGE_SCALE_BITS } from '../tlbi-range.ts';
import type { FeatureEffect, OffEffect } from './effect.ts';

/** Fields that mean something only with a feature, in whatever command they stand. */
const FIELDS: Readonly<
  Record<string, readonly (readonly [FeatureTest, OffEffect, bits?: readonly [number, number]])[]>
> = {
  NUM: [['IDR3.RIL', 'RES0']],
  SCALE: [
    ['IDR3.RIL', 'RES0'],
    ['IDR5.DS', 'RES0', [RANGE_SCALE_BITS.withDS - 1, RANGE_SCALE_BITS.withoutDS]],
  ],
  TG: [['IDR3.RIL', 'RES0']],
  TTL: [['IDR3.RIL', 'RES0']],
  TTL128: [
    ['IDR3.RIL', 'RES0'],
    ['IDR5.D128', 'RES0'],
  ],
  ASID: [['IDR0.ASID16', 'UNMATCHED', [15, 8]]],
  VMID: [['IDR0.VMID16', 'UNMATCHED', [15, 8]]],
  MSIAddress: [['IDR0.MSI', 'IGNORED']],
  MSIData: [['IDR0.MSI', 'IGNORED']],
  MSIAttr: [['IDR0.MSI', 'IGNORED']],
  MSH: [['IDR0.MSI', 'IGNORED']],
};

function ofCommand({ name, section, legal, layout }: CommandSpec): FeatureEffect[] {
  const whole = { kind: 'command', of: name, field: null, section } as const;
  const { ns } = legal;
  const effects: FeatureEffect[] =
    typeof ns === 'boolean' ? [] : [{ ...whole, needs: ns, off: 'CERROR_ILL' }];
  for (const { name: field } of layout.list) {
    for (const [test, off, bits] of FIELDS[field] ?? []) {
      effects.push({ ...whole, field, needs: [test], off, ...(bits && { bits }) });
    }
  }
  return effects;
}

/** Commands that are consumed without a feature that they seem to need. */
const LEGAL_ALL_THE_SAME: readonly FeatureEffect[] = (
  [
    ['CMD_PREFETCH_CONFIG', 'IDR0.S1P'],
    ['CMD_PREFETCH_ADDR', 'IDR0.S1P'],
    ['CMD_PREFETCH_ADDR', 'IDR0.S2P'],
    ['CMD_CFGI_STE', 'IDR0.S1P'],
    ['CMD_CFGI_STE_RANGE', 'IDR0.S1P'],
    ['CMD_TLBI_NSNH_ALL', 'IDR0.S1P'],
    ['CMD_TLBI_NSNH_ALL', 'IDR0.S2P'],
  ] as const
).map(([of, test]) => ({
  kind: 'command',
  of,
  field: null,
  needs: [test],
  off: 'legal',
  section: COMMANDS[of].section,
}));

/** What the commands of the Non-secure queue do where a feature is missing (chapter 4). */
export const COMMAND_EFFECTS: readonly FeatureEffect[] = [
  ...COMMAND_LIST.flatMap(ofCommand),
  ...LEGAL_ALL_THE_SAME,
  // Without events to the PEs it is SIG_NONE (4.7.3).
  {
    kind: 'command',
    of: 'CMD_SYNC',
    field: 'CS',
    values: [2],
    needs: ['IDR0.SEV'],
    off: 'legal',
    section: COMMANDS.CMD_SYNC.section,
  },
];
