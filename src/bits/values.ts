import type { Field } from './field.ts';
import type { World } from './world.ts';

/**
 * What a value of a field means, or undefined when the table says nothing of it.
 * @param world decides where the meaning differs between the worlds
 */
export function valueText(field: Pick<Field, 'values'>, value: number, world?: World): string | undefined {
  const values = field.values;
  if (!values) return undefined;
  return values[value] ?? (world && values[`${world}/${value}`]) ?? values['others'];
}

/** The short name of a value, or undefined. */
export function valueName(field: Pick<Field, 'names'>, value: number): string | undefined {
  const names = field.names;
  if (!names) return undefined;
  for (const name in names) if (names[name] === value) return name;
  return undefined;
}

/** The value of a short name (upper or lower case), or undefined. */
export function valueByName(field: Pick<Field, 'names'>, name: string): number | undefined {
  const names = field.names;
  if (!names) return undefined;
  if (Object.hasOwn(names, name)) return names[name];
  const folded = name.toLowerCase();
  for (const known in names) if (known.toLowerCase() === folded) return names[known];
  return undefined;
}
