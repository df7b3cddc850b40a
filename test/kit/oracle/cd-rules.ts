/** What makes a CD ILLEGAL: 5.4 and its CdIllegal, for a CD with V=1 that a Non-secure STE leads to. */

import { bits, exceeds } from './bits.ts';
import { type Cd, granuleOf, lpa2, walks } from './cd.ts';
import { type Features, Uncovered } from './features.ts';
import { hasStage2, type Ste, type StreamWorld } from './ste.ts';

export function cdIllegal(cd: Cd, ste: Ste, f: Features, world: StreamWorld): boolean {
  const stall = f.value('IDR0.STALL_MODEL');
  if (ste.S1STALLD && cd.S) return true;
  if (f.has('IDR0.TERM_MODEL') && !cd.A) return true;
  if ((stall === 1 && cd.S) || (stall === 2 && !cd.S)) return true;
  const endian = f.value('IDR0.TTENDIAN');
  const wrongEndian = (endian === 2 && cd.ENDI) || (endian === 3 && !cd.ENDI);
  if (wrongEndian && (walks(cd, 0, world) || walks(cd, 1, world))) return true;
  if (!cd.AA64 && (!f.lpae || world === 'EL2-E2H')) return true;
  if (cd.AA64 && (!f.aa64 || (hasStage2(ste) && !ste.S2AA64))) return true;
  if (cd.AA64 && httuIllegal(cd, f)) return true;
  if (world !== 'EL2' && !f.has('IDR0.ASID16') && cd.ASID > 255) return true;
  for (const half of [0, 1] as const) {
    if (walks(cd, half, world) && halfIllegal(cd, half, f)) return true;
  }
  return indirectionIllegal(cd, ste, f, world);
}

function httuIllegal(cd: Cd, f: Features): boolean {
  const httu = f.value('IDR0.HTTU');
  if ((cd.HA || cd.HD) && httu === 0) return true;
  if (cd.HD && httu === 1) return true;
  return httu === 3 && cd.HAFT && !cd.HA;
}

function halfIllegal(cd: Cd, half: 0 | 1, f: Features): boolean {
  if (!cd.AA64) return exceeds(cd.TTBx[half], 40);
  const granule = granuleOf(cd, half);
  if (!f.granule(granule)) return true;
  const large = granule === 16 || lpa2(cd, half, f);
  const most = f.has('IDR3.STT') ? (granule === 16 ? 47 : 48) : 39;
  const least = large && f.has('IDR5.VAX') ? 12 : 16;
  if (cd.TxSZ[half] < least || cd.TxSZ[half] > most) return true;
  const size = f.outputSize(cd.IPS);
  return exceeds(cd.TTBx[half], large ? size : Math.min(size, 48));
}

function indirectionIllegal(cd: Cd, ste: Ste, f: Features, world: StreamWorld): boolean {
  if (!cd.AA64 || !f.has('IDR3.S1PI') || !ste.S1PIE || !cd.PIE) return false;
  for (let i = 0; i < 16; i++) {
    const privileged = bits(cd.PIIP, i * 3 + 2, i * 3);
    const user = bits(cd.PIIU, i * 3 + 2, i * 3);
    if (privileged === 4n || privileged === 6n) return true;
    if (world === 'EL2') continue;
    if (user === 4n || user === 6n) return true;
    if ((privileged & 2n) !== 0n && (user & 4n) !== 0n) return true;
  }
  throw new Uncovered('stage-1 permission indirection');
}
