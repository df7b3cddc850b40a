import { ARCHITECTURE_PRESETS } from './presets/architecture.ts';
import { PART_PRESETS } from './presets/parts.ts';
import type { Preset } from './presets/preset.ts';
import { QEMU_PRESETS } from './presets/qemu.ts';

export { LEFT_OUT } from './presets/architecture.ts';
export type { Preset } from './presets/preset.ts';

/** Sets of ID registers by name. */
export const PRESETS: readonly Preset[] = [...QEMU_PRESETS, ...ARCHITECTURE_PRESETS, ...PART_PRESETS];

/** The names that people are told; aliases work as well. */
export const PRESET_NAMES: readonly string[] = PRESETS.map(({ name }) => name);

/** Which preset completes a snapshot without ID registers. */
export const DEFAULT_PRESET = 'qemu-virt-10.2';

const BY_NAME = new Map(
  PRESETS.flatMap((preset) => [preset.name, ...(preset.aliases ?? [])].map((name) => [name, preset])),
);

/** The preset of that name or alias, or undefined. */
export function presetNamed(name: string): Preset | undefined {
  return BY_NAME.get(name);
}
