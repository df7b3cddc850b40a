import { WORLDS, type World } from '../bits/world.ts';
import { feature, type IdValues } from '../spec/features.ts';
import { WORLD_FACTS } from '../spec/worlds.ts';

/** The Security states that an SMMU implements (3.10): Non-secure always, the others as ID registers say. */
export function presentWorlds(ids: IdValues): readonly World[] {
  return WORLDS.filter((world) => {
    const { present } = WORLD_FACTS[world];
    return present === true || feature(ids, present) === 1;
  });
}

/** Those of them that have a command queue: Root has none (3.10). */
export function queueWorlds(ids: IdValues): readonly World[] {
  return presentWorlds(ids).filter((world) => WORLD_FACTS[world].commandQueue);
}
