/** What makes an STE ILLEGAL: 5.2 and its SteIllegal, for a Non-secure STE with V=1 and Config[2]=1. */

import { bits, exceeds } from './bits.ts';
import { type Features, granuleOfTg0, Uncovered } from './features.ts';
import { hasStage1, hasStage2, type Ste, stage2Start, strwUsed } from './ste.ts';

export function steIllegal(ste: Ste, f: Features): boolean {
  if (hasStage1(ste) && !f.has('IDR0.S1P')) return true;
  if (hasStage2(ste) && !f.has('IDR0.S2P')) return true;
  if (strwUsed(ste, f) && (ste.STRW & 1) !== 0) return true;
  if (atsIllegal(ste, f) || vmidIllegal(ste, f)) return true;
  if (hasStage1(ste) && stage1Illegal(ste, f)) return true;
  if (hasStage2(ste) && stage2Illegal(ste, f)) return true;
  return vmsIllegal(ste, f);
}

function atsIllegal(ste: Ste, f: Features): boolean {
  if (!f.has('IDR0.ATS') || (ste.Config & 3) === 0) return false;
  const stalls = hasStage2(ste) && ste.S2S;
  if (ste.EATS === 2) return ste.Config !== 7 || ste.S2S || f.has('IDR0.NS1ATS');
  if (ste.EATS === 1) return stalls;
  if (ste.EATS !== 3 || !f.has('IDR3.DPT')) return false;
  return stalls || (strwUsed(ste, f) && ste.STRW !== 0);
}

function vmidIllegal(ste: Ste, f: Features): boolean {
  const ignored = !f.has('IDR0.S2P') || (ste.Config & 3) === 0 || (strwUsed(ste, f) && ste.STRW !== 0);
  return !ignored && !f.has('IDR0.VMID16') && ste.S2VMID > 255;
}

function stage1Illegal(ste: Ste, f: Features): boolean {
  if (ste.S1STALLD && f.value('IDR0.STALL_MODEL') !== 0) return true;
  if (f.has('IDR1.SSIDSIZE')) {
    if (ste.S1CDMax > f.value('IDR1.SSIDSIZE')) return true;
    const twoLevels = ste.S1Fmt === 1 || ste.S1Fmt === 2;
    if (ste.S1CDMax !== 0 && twoLevels && !f.has('IDR0.CD2L')) return true;
  }
  // Beyond IAS a stage-2 fault would be as good (3.4.3 note 2).
  return exceeds(ste.S1ContextPtr, hasStage2(ste) ? f.ias : f.oas);
}

function vmsIllegal(ste: Ste, f: Features): boolean {
  if (ste.Config !== 7 || !ste.S1MPAM || !f.has('IDR3.MPAM') || !f.has('MPAMIDR.PARTID_MAX')) return false;
  if (exceeds(ste.VMSPtr, f.oas)) return true;
  throw new Uncovered('the VMS');
}

function stage2Illegal(ste: Ste, f: Features): boolean {
  const lpae = !ste.S2AA64;
  const stall = f.value('IDR0.STALL_MODEL');
  if (lpae && f.has('IDR3.FWB') && ste.S2FWB) return true;
  if ((stall === 1 && ste.S2S) || (stall === 2 && !ste.S2S)) return true;
  if (lpae ? !f.lpae : !f.aa64) return true;
  const httu = f.value('IDR0.HTTU');
  if ((ste.S2HA || ste.S2HD) && (lpae || httu === 0)) return true;
  if (ste.S2HD && httu === 1) return true;
  if (httu === 3 && ste.S2HAFT && !ste.S2HA) return true;
  const endian = f.value('IDR0.TTENDIAN');
  if ((endian === 2 && ste.S2ENDI) || (endian === 3 && !ste.S2ENDI)) return true;
  return geometryIllegal(ste, f) || indirectionIllegal(ste, f);
}

function geometryIllegal(ste: Ste, f: Features): boolean {
  const lpae = !ste.S2AA64;
  const granule = lpae ? 12 : granuleOfTg0(ste.S2TG);
  if (granule === null || (!lpae && !f.granule(granule))) return true;
  const ds = !lpae && granule !== 16 && ste.S2DS && f.has('IDR5.DS');
  const tableBits = lpae ? 40 : f.outputSize(ste.S2PS);
  const most = lpae || ds || granule === 16 ? tableBits : Math.min(tableBits, 48);
  if (exceeds(ste.S2TTB, most)) return true;
  const { inputBits, level } = stage2Start(ste, granule, lpae, ds);
  if (level === null) return true;
  if (!lpae) {
    const smallest = f.has('IDR3.STT') ? (granule === 16 ? 47 : 48) : 39;
    const largest = Math.max(granule === 16 || ds ? 12 : 16, 64 - f.ias);
    if (ste.S2T0SZ < largest || ste.S2T0SZ > smallest) return true;
    if (!levelImplemented(granule, level, ds, f)) return true;
  }
  // At least one bit for the first level; at most a stride and what 16 concatenated tables add.
  const stride = granule - 3;
  const least = (3 - level) * stride + granule + 1;
  return inputBits < least || inputBits > least + stride - 1 + 4;
}

/** DDI 0487: start levels that need large addresses, small tables or LPA2. */
function levelImplemented(granule: 12 | 14 | 16, level: number, ds: boolean, f: Features): boolean {
  if (granule === 12) {
    if (level === -1) return ds && f.oas >= 52;
    if (level === 0) return f.oas >= 44;
    return level !== 3 || f.has('IDR3.STT');
  }
  if (granule === 14) {
    if (level === 0) return ds && f.oas >= 52;
    return level !== 1 || f.oas >= 42;
  }
  return level !== 1 || f.oas >= 44;
}

function indirectionIllegal(ste: Ste, f: Features): boolean {
  const indirect = f.has('IDR3.S2PI') && ste.S2PIE;
  if (indirect && !ste.S2AA64) return true;
  if (f.has('IDR3.S2PO') && ste.S2POE) {
    if (!ste.S2PIE) return true;
    if (f.has('IDR3.PBHA') && ste.S2HWU !== 0) return true;
    for (let i = 0; i < 16; i++) {
      const overlay = bits(ste.S2POI, i * 4 + 3, i * 4);
      if (overlay === 1n || overlay === 5n) return true;
    }
  }
  if (indirect) throw new Uncovered('stage-2 permission indirection');
  return false;
}
