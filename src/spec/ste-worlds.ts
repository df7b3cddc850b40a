/** Which fields of an STE are reserved in the stream table of a Security state: 5.2. */

import type { World } from '../bits/world.ts';
import { STE } from './ste.ts';

/** The states whose STEs have a field, by the words with which the layout says so; in others it is RES0. */
const OWNERS: Readonly<Record<string, readonly World[]>> = {
  'Secure only': ['s'],
  'Realm only': ['realm'],
  'Secure/Realm': ['s', 'realm'],
  'Secure STE: RES0, effective 0': ['ns', 'realm'],
};

/** Fields that are RES0 in the STEs of a state, whatever its features. */
export const STE_RES0: Readonly<Record<World, readonly string[]>> = fieldsBy((world, security) => {
  const owners = OWNERS[security];
  return owners !== undefined && !owners.includes(world);
});

/**
 * Fields that no missing feature makes RES0 in the STEs of a state: NSCFG is ignored in Non-secure ones and always there
 * in Realm ones, and IDR0.Hyp says nothing of STRW in other than Non-secure ones.
 */
export const STE_NEVER_RES0: Readonly<Record<World, readonly string[]>> = {
  ns: ['NSCFG'],
  s: ['STRW'],
  realm: ['STRW', 'NSCFG'],
  root: [],
};

function fieldsBy(is: (world: World, security: string) => boolean): Record<World, readonly string[]> {
  const of = (world: World): readonly string[] =>
    STE.list.filter(({ security }) => security !== undefined && is(world, security)).map(({ name }) => name);
  return { ns: of('ns'), s: of('s'), realm: of('realm'), root: of('root') };
}
