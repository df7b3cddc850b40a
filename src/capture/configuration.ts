import { parseNumber } from '../bits/u64.ts';
import { UserError } from '../bits/user-error.ts';
import { valueByName } from '../bits/values.ts';
import { RESERVED_BITS, type ReservedBits } from '../model/smmu.ts';
import { type FeatureName, type FeatureValues, featureNamed } from '../spec/features.ts';
import { PRESET_NAMES, presetNamed } from '../spec/presets.ts';
import { shown } from './format.ts';

/** What the user says about the SMMU itself: `smmu` of launch.json, and options of the command line. */
export interface SmmuConfiguration {
  /** PA of register page 0, for snapshots that have addresses and do not say it. */
  readonly base?: number | undefined;
  /** The preset whose ID registers replace those of the snapshot. */
  readonly preset?: string | undefined;
  /** Single fields of ID registers; they come last. */
  readonly features?: FeatureValues | undefined;
  readonly reservedBits?: ReservedBits | undefined;
}

/**
 * Reads the launch attribute `smmu`.
 * @throws UserError naming the part that makes no sense
 */
export function readConfiguration(value: unknown): SmmuConfiguration {
  if (value === undefined) return {};
  const given = objectOf(value, 'smmu', 'write {"preset": …, "features": {…}}');
  for (const key of Object.keys(given)) {
    if (!Object.hasOwn(READERS, key)) {
      const todo = `write ${Object.keys(READERS).join(', ')}`;
      throw new UserError(`${shown(key)} is no part of it`, { where: 'smmu', todo });
    }
  }
  return Object.fromEntries(
    Object.entries(READERS).flatMap(([key, read]) =>
      given[key] === undefined ? [] : [[key, read(given[key])]],
    ),
  );
}

const READERS: {
  readonly [K in keyof Required<SmmuConfiguration>]: (value: unknown) => SmmuConfiguration[K];
} = {
  base: readBase,
  preset: (value) => readPreset(value, 'smmu.preset'),
  features: readFeatures,
  reservedBits: readReservedBits,
};

function readBase(value: unknown): number {
  const base = typeof value === 'string' ? parseNumber(value) : value;
  if (typeof base === 'number' && Number.isSafeInteger(base) && base >= 0) return base;
  throw new UserError(`${shown(value)} is no address`, {
    where: 'smmu.base',
    todo: 'write it as "0x9050000"',
  });
}

/**
 * The name of a preset, as it was written.
 * @throws UserError when there is none of that name
 */
export function readPreset(value: unknown, where: string): string {
  if (typeof value === 'string' && presetNamed(value)) return value;
  throw new UserError(`${shown(value)} is no preset`, { where, todo: `write ${PRESET_NAMES.join(', ')}` });
}

function readReservedBits(value: unknown): ReservedBits {
  const known = RESERVED_BITS.find((name) => name === value);
  if (known) return known;
  const todo = `write ${RESERVED_BITS.map((name) => `"${name}"`).join(' or ')}`;
  throw new UserError(`${shown(value)} is no way to treat reserved bits`, {
    where: 'smmu.reservedBits',
    todo,
  });
}

function readFeatures(value: unknown): FeatureValues {
  const where = 'smmu.features';
  const given = objectOf(value, where, 'write {"IDR3.HAD": 0}');
  return Object.fromEntries(Object.entries(given).map(([name, wanted]) => readFeature(name, wanted, where)));
}

/**
 * The value of one field of an ID register.
 * @param value a number, text of one, or the short name of a value such as `48bit`
 * @throws UserError when there is no such field, or the value does not fit it
 */
export function readFeature(name: string, value: unknown, where: string): readonly [FeatureName, number] {
  const found = featureNamed(name);
  if (!found) {
    throw new UserError(`${shown(name)} is no field of an ID register`, {
      where,
      todo: 'write register and field as the manual has them, such as IDR0.ATS',
    });
  }
  const { field } = found;
  const number =
    typeof value === 'boolean'
      ? Number(value)
      : typeof value === 'string'
        ? (valueByName(field, value) ?? parseNumber(value))
        : value;
  const most = 2 ** field.width - 1;
  if (typeof number !== 'number' || !Number.isInteger(number) || number < 0 || number > most) {
    const names = Object.keys(field.names ?? {});
    const orName = names.length > 0 ? `, or ${names.join(', ')}` : '';
    const todo = most === 1 ? 'write 0 or 1' : `write a number from 0 to ${most}${orName}`;
    throw new UserError(`${shown(value)} is no value of ${name}, which has ${bitsText(field.width)}`, {
      where,
      todo,
    });
  }
  return [found.name, number];
}

function bitsText(width: number): string {
  return width === 1 ? '1 bit' : `${width} bits`;
}

function objectOf(value: unknown, where: string, todo: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>;
  }
  throw new UserError(`${shown(value)} is no object`, { where, todo });
}
