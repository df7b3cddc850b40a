/** What makes notifiers be told, or should: commands, broadcasts, and what software does to registers. */

import type { World } from '../../bits/world.ts';
import { opcodeOf } from '../../spec/commands.ts';
import type { Covered } from '../caches/location.ts';
import type { CommandContext } from '../commands/context.ts';
import { actedRegimes, actedState } from '../commands/reach.ts';
import { type TlbiMatch, tlbiMatch, whyNot } from '../commands/tlbi-match.ts';
import { type CompiledScope, range, scopeOfOpcode } from '../commands/tlbi-scope.ts';
import { levelShift } from '../translate/descriptor.ts';
import type { HeldMapping } from './device.ts';
import type { Way } from './invalidation.ts';
import type { Telling } from './look-up.ts';
import { tellAll } from './tell.ts';
import { wayOf } from './ways.ts';

const ROOT_TLBI = 'ROOT_TLBI';
const NONE: readonly World[] = [];
const nothing = (): boolean => false;

/** The state whose entries a TLB invalidation acts on, by the regimes that it names (4.4). */
function actsOn({ spec, world, state: { rulesOff: off } }: CommandContext, scope: CompiledScope): World {
  const acts = scope.acts[world];
  if (world !== 's') return acts;
  if (acts === 'ns') return off.has('notify:N6.19') ? 's' : 'ns';
  return spec.legal.ns !== false && off.has('notify:N6.20') ? 'ns' : acts;
}

/** Whether an invalidation names what a TLB would hold of a mapping, whichever of its pages it names. */
function isNamed(match: TlbiMatch, { covered, shift }: HeldMapping): boolean {
  if (covered === null) return false;
  // A contiguous run of leaves goes as a whole.
  const runs = 2 ** Math.max(0, shift - levelShift(covered.level, covered.granuleBits));
  const leaf = 2 ** (levelShift(covered.level, covered.granuleBits) - 12);
  const nearest = Math.floor((match.first - covered.page) / leaf);
  const page = covered.page + leaf * Math.min(Math.max(nearest, 0), runs - 1);
  return whyNot(match, { ...covered, page }) === null;
}

/**
 * CMD_TLBI_*, and broadcasts by the command of the same scope: before any entry goes.
 * @param spares entries that a broadcast leaves alone although the command would take them
 */
export function tellOfTlbi(
  c: CommandContext,
  cause: string = c.name,
  spares: (tag: Covered['tag']) => boolean = nothing,
): void {
  const { machine, effects, recorder } = c;
  if (machine.notifiers.devices.size === 0) return;
  const way = wayOf(c);
  const scope = scopeOfOpcode(opcodeOf(c.words, 0));
  if (way === null || scope === undefined) return;
  const state = actedState(c, scope);
  const match = tlbiMatch({ words: c.words, state, regimes: actedRegimes(c, scope, state) }, scope);
  // Of a misaligned range nothing is guaranteed (4.4.1.1).
  const isVoid =
    match.scope.address !== null && range.misaligned && machine.options.misalignedRange === 'nothing';
  tellAll(
    { machine, effects, recorder },
    {
      cause,
      queue: c.broadcast ? null : c.world,
      actsOn: actsOn(c, scope),
      also: NONE,
      way,
      names: isVoid
        ? nothing
        : (mapping) => isNamed(match, mapping) && !(mapping.covered !== null && spares(mapping.covered.tag)),
    },
  );
}

/** CMD_CFGI_*: of a stream's configuration, and so of every mapping through it. */
export function tellOfConfig(c: CommandContext, world: World, first: number, last: number): void {
  tellOfStreams(c, world, (sid) => sid >= first && sid <= last);
}

/** CMD_ATC_INV: of what endpoints hold themselves, which is not what consumers hold. */
export function tellOfAtc(c: CommandContext, world: World): void {
  tellOfStreams(c, world, () => false);
}

function tellOfStreams(c: CommandContext, world: World, names: (sid: number) => boolean): void {
  const { machine, effects, recorder } = c;
  const { devices } = machine.notifiers;
  if (devices.size === 0) return;
  const way = wayOf(c);
  if (way === null) return;
  tellAll(
    { machine, effects, recorder },
    {
      cause: c.name,
      queue: c.world,
      actsOn: world,
      also: NONE,
      way,
      names: (mapping) => mapping.world === world && names(devices.get(mapping.device)?.spec.sid ?? -1),
    },
  );
}

/** What a QEMU that knows no such thing does about it. */
function unknownTo({ machine }: Telling, cause: string, isRoots: boolean): Way | null {
  const { policy } = machine.notifiers;
  if (policy === 'qemu-upstream') return { path: 'none', reason: 'gap', why: `QEMU does not have ${cause}` };
  const rfc = policy === 'qemu-rfc-v3' && (isRoots || machine.state('ns').rulesOff.has('notify:N6.6'));
  return rfc ? { path: 'none', reason: 'gap', why: `RFC v3 does not tell of ${cause}` } : null;
}

/** S_INIT.INV_ALL: every entry of every state goes (6.3.62). */
export function tellOfEverything(on: Telling, cause: string): void {
  const { machine } = on;
  if (machine.notifiers.devices.size === 0 || machine.state('ns').rulesOff.has('notify:N6.21')) return;
  const also = (['s', 'realm'] as const).filter((world) => machine.state(world).present);
  const way = unknownTo(on, cause, false) ?? { path: 'whole' };
  tellAll(on, { cause, queue: null, actsOn: 'ns', also, way, names: () => true });
}

/** Physical addresses in bytes; null: every address. */
type PhysicalRange = { readonly base: number; readonly bytes: number } | null;

/** ROOT_TLBI: of what was read of the granule protection table. */
export function tellOfRootTlbi(on: Telling, range: PhysicalRange): void {
  if (!on.machine.state('ns').rulesOff.has('notify:N6.22')) tellOfGpt(on, ROOT_TLBI, range);
}

/** The same by the broadcast of a PE (3.17.7): `TLBI RPAOS`. */
export function tellOfBroadcastPa(on: Telling, cause: string, range: PhysicalRange): void {
  if (!on.machine.state('ns').rulesOff.has('notify:N6.23')) tellOfGpt(on, cause, range);
}

function tellOfGpt(on: Telling, cause: string, range: PhysicalRange): void {
  const names = ({ pa, shift }: HeldMapping): boolean =>
    range === null || (pa < range.base + range.bytes && range.base < pa + 2 ** shift);
  const way = unknownTo(on, cause, true) ?? { path: 'whole' };
  tellAll(on, { cause, queue: null, actsOn: 'root', also: NONE, way, names });
}

/** CR0.SMMUEN going to 0 and changes of GBPA: other streams than before, though no entry goes. */
export function tellOfRegister(on: Telling, cause: string, world: World): void {
  const whole = on.machine.state('ns').rulesOff.has('notify:N3.11');
  const way: Way = whole
    ? { path: 'whole' }
    : { path: 'none', reason: 'gap', why: `QEMU tells nobody of ${cause}` };
  tellAll(on, { cause, queue: null, actsOn: world, also: NONE, way, names: nothing });
}
