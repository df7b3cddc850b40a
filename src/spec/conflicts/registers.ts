import { type Constraint, constraints } from './constraint.ts';

/** What the descriptions of IDR0, IDR1 and IDR2 demand of each other, whatever the version. */
const QUEUES_AND_STAGES: readonly Constraint[] = [
  ...constraints('illegal', '6.3.1', [
    [[], ['IDR0.S1P', 'IDR0.S2P'], 'An SMMU has stage 1, stage 2 or both.'],
    [[], ['IDR0.TTF!=0'], 'TTF=0 is reserved: there is a table format.'],
    [[], ['IDR0.ST_LEVEL<=1'], 'ST_LEVEL above 1 is reserved.'],
    [[], ['IDR0.STALL_MODEL!=3'], 'STALL_MODEL=3 is reserved.'],
    [[], ['IDR0.TTENDIAN!=1'], 'TTENDIAN=1 is reserved.'],
    [['IDR0.ATSRECERR'], ['IDR0.ATS'], 'ATSRECERR is about the errors of ATS.'],
    [['IDR0.VATOS'], ['IDR0.ATOS'], 'VATOS extends ATOS.'],
    [['IDR0.VATOS'], ['IDR0.S1P'], 'VATOS needs both stages.'],
    [['IDR0.VATOS'], ['IDR0.S2P'], 'VATOS needs both stages.'],
    [['IDR0.VMW'], ['IDR0.S2P'], 'VMIDs, and wildcards in them, come with stage 2.'],
    [['IDR0.PRI'], ['IDR0.ATS'], 'PRI serves devices that use ATS.'],
    [['IDR0.NS1ATS'], ['IDR0.ATS'], 'NS1ATS is RES0 without ATS.'],
    [['IDR0.NS1ATS'], ['IDR0.S1P'], 'NS1ATS is RES0 without stage 1.'],
    [['IDR0.NS1ATS'], ['IDR0.S2P'], 'NS1ATS is RES0 without stage 2.'],
    [['IDR0.Hyp'], ['IDR0.S1P'], 'EL2 contexts need both stages.'],
    [['IDR0.Hyp'], ['IDR0.S2P'], 'EL2 contexts need both stages.'],
    [['IDR3.DPT'], ['IDR0.TTF==2'], 'An SMMU with a Device Permission Table has VMSAv8-64 tables only.'],
    [['R_IDR3.DPT'], ['IDR0.TTF==2'], 'An SMMU with a Device Permission Table has VMSAv8-64 tables only.'],
  ]),
  ...constraints('illegal', '6.3.2', [
    [['IDR1.ECMDQ'], ['IDR0.COHACC'], 'Enhanced command queues lie in coherent memory.'],
    [['IDR1.ECMDQ'], ['IDR0.MSI'], 'Enhanced command queues signal by MSI.'],
    [['IDR1.ECMDQ'], ['!IDR1.QUEUES_PRESET'], 'Enhanced command queues cannot be preset.'],
    [
      ['IDR1.REL'],
      ['IDR1.TABLES_PRESET', 'IDR1.QUEUES_PRESET'],
      'REL is RES0 where neither tables nor queues are preset.',
    ],
    [[], ['IDR1.CMDQS<=19'], 'A command queue has at most 2^19 entries.'],
    [[], ['IDR1.EVENTQS<=19'], 'An event queue has at most 2^19 entries.'],
    [['IDR0.PRI'], ['IDR1.PRIQS<=19'], 'A PRI queue has at most 2^19 entries.'],
    [[], ['IDR1.SSIDSIZE<=20'], 'SubstreamIDs have at most 20 bits.'],
    [[], ['IDR1.SIDSIZE<=32'], 'StreamIDs have at most 32 bits.'],
    [
      ['IDR1.SIDSIZE>=7'],
      ['IDR0.ST_LEVEL'],
      'With 7 bits of StreamID or more, stream tables may have two levels.',
    ],
  ]),
  ...constraints('illegal', '6.3.3', [
    [['IDR2.BA_VATOS'], ['IDR0.VATOS'], 'BA_VATOS is RES0 without VATOS.'],
  ]),
  ...constraints('illegal', '6.3.52', [
    [['S_IDR0.ECMDQ'], ['IDR0.COHACC'], 'Enhanced command queues lie in coherent memory.'],
    [['S_IDR0.ECMDQ'], ['S_IDR0.MSI'], 'Enhanced command queues signal by MSI.'],
    [['S_IDR0.ECMDQ'], ['!IDR1.QUEUES_PRESET'], 'Enhanced command queues cannot be preset.'],
    [['S_IDR6.CMDQ_CONTROL_PAGE_LOG2NUMP'], ['S_IDR0.ECMDQ'], 'S_IDR6 is RES0 without ECMDQ.'],
    [['S_IDR6.CMDQ_CONTROL_PAGE_LOG2NUMQ'], ['S_IDR0.ECMDQ'], 'S_IDR6 is RES0 without ECMDQ.'],
  ]),
  ...constraints('illegal', '6.3.53', [
    [['S_IDR1.SECURE_IMPL'], ['IDR0.S1P'], 'Secure state has stage 1.'],
    [['S_IDR1.SECURE_IMPL', 'IDR0.RME_IMPL'], ['S_IDR1.SEL2'], 'With RME Secure state has Secure EL2.'],
    [['S_IDR1.SEL2'], ['IDR0.S1P'], 'Secure EL2 needs both stages.'],
    [['S_IDR1.SEL2'], ['IDR0.S2P'], 'Secure EL2 needs both stages.'],
  ]),
  ...constraints('illegal', '6.3.45', [
    [[], ['IDR6.CMDQ_CONTROL_PAGE_LOG2NUMP<=8'], 'There are at most 2^8 control pages.'],
    [[], ['IDR6.CMDQ_CONTROL_PAGE_LOG2NUMQ<=8'], 'A control page has at most 2^8 queues.'],
    [['IDR6.CMDQ_CONTROL_PAGE_LOG2NUMP'], ['IDR1.ECMDQ'], 'IDR6 is RES0 without ECMDQ.'],
    [['IDR6.CMDQ_CONTROL_PAGE_LOG2NUMQ'], ['IDR1.ECMDQ'], 'IDR6 is RES0 without ECMDQ.'],
  ]),
  ...constraints('illegal', '6.3.122', [
    [['R_IDR0.ECMDQ'], ['IDR0.COHACC'], 'Enhanced command queues lie in coherent memory.'],
    [['R_IDR0.ECMDQ'], ['R_IDR0.MSI'], 'Enhanced command queues signal by MSI.'],
    [['R_IDR0.ECMDQ'], ['!IDR1.QUEUES_PRESET'], 'Enhanced command queues cannot be preset.'],
    [['R_IDR6.CMDQ_CONTROL_PAGE_LOG2NUMP'], ['R_IDR0.ECMDQ'], 'R_IDR6 is RES0 without ECMDQ.'],
    [['R_IDR6.CMDQ_CONTROL_PAGE_LOG2NUMQ'], ['R_IDR0.ECMDQ'], 'R_IDR6 is RES0 without ECMDQ.'],
  ]),
];

/** What the descriptions of IDR3, IDR5 and MPAMIDR demand, whatever the version. */
const TRANSLATION: readonly Constraint[] = [
  ...constraints('illegal', '6.3.4', [
    [['IDR3.AIE'], ['IDR0.S1P'], 'AIE is RES0 without stage 1.'],
    [['IDR3.THE'], ['IDR0.S1P'], 'THE is RES0 without stage 1.'],
    [['IDR3.S1PI'], ['IDR0.S1P'], 'S1PI is RES0 without stage 1.'],
    [['IDR3.HAD'], ['IDR0.S1P'], 'HAD is 0 without stage 1.'],
    [['IDR3.S2PI'], ['IDR0.S2P'], 'S2PI is RES0 without stage 2.'],
    [['IDR3.MTEPERM'], ['IDR0.S2P'], 'MTEPERM is RES0 without stage 2.'],
    [['IDR3.PTWNNC'], ['IDR0.S2P'], 'PTWNNC is RES0 without stage 2.'],
    [['IDR3.THE', 'IDR0.S2P'], ['IDR3.S2PI'], 'Translation hardening of stage 2 needs indirect permissions.'],
    [['IDR3.S2PO'], ['IDR3.S2PI'], 'Overlays act on indirect permissions.'],
    [['IDR3.PBHA'], ['IDR3.HAD'], 'PBHA takes bits that HAD sets free.'],
    [['IDR3.PASIDTT'], ['IDR0.ATS'], 'PASIDTT is about ATS Translated transactions.'],
    [['IDR3.PASIDTT'], ['IDR1.SSIDSIZE'], 'PASIDTT is RES0 without SubstreamIDs.'],
    [['IDR3.DPT'], ['IDR0.ATS'], 'A Device Permission Table judges ATS Translated transactions.'],
    [['IDR3.PPS'], ['IDR0.PRI'], 'PPS is RES0 without PRI.'],
    [['IDR3.PPS'], ['IDR1.SSIDSIZE'], 'PPS is RES0 without SubstreamIDs.'],
    [[], ['IDR3.BBML<=2'], 'BBML=3 is reserved.'],
    [['S_IDR1.SEL2'], ['IDR3.STT'], 'Secure EL2 comes with small translation tables.'],
  ]),
  ...constraints('illegal', '6.3.6', [
    [['IDR0.TTF!=0', 'IDR0.TTF!=2'], ['IDR5.GRAN4K'], 'VMSAv8-32 LPAE tables have the 4KB granule.'],
    [['IDR0.TTF>=2'], ['IDR5.GRAN4K', 'IDR5.GRAN16K', 'IDR5.GRAN64K'], 'VMSAv8-64 tables need a granule.'],
    [['IDR5.DS'], ['IDR5.GRAN4K', 'IDR5.GRAN16K'], 'DS is about the 4KB and the 16KB granule.'],
    [['IDR5.DS'], ['IDR5.VAX'], 'DS comes with virtual addresses of 52 bits.'],
    [[], ['IDR5.VAX<=2'], 'VAX=3 is reserved.'],
    [
      ['IDR5.VAX'],
      ['IDR5.GRAN64K', 'IDR5.DS'],
      'Virtual addresses of 52 bits need the 64KB granule, or DS with one of the others.',
    ],
    [['IDR5.VAX==2'], ['IDR5.D128'], 'Only VMSAv9-128 translates virtual addresses of 56 bits.'],
    [
      ['IDR5.OAS==6'],
      ['IDR5.GRAN64K', 'IDR5.DS', 'IDR5.D128'],
      'An output of 52 bits needs the 64KB granule, DS or VMSAv9-128.',
    ],
    [['IDR5.OAS==7'], ['IDR5.D128'], 'Only VMSAv9-128 has an output of 56 bits.'],
    [['IDR5.D128'], ['IDR0.TTF==2'], 'VMSAv9-128 comes with VMSAv8-64, and excludes VMSAv8-32 LPAE.'],
    [['IDR5.D128'], ['IDR3.S1PI'], 'VMSAv9-128 has indirect permissions only.'],
    [['IDR5.D128'], ['IDR3.S2PO'], 'VMSAv9-128 comes with overlays.'],
    [['IDR5.D128'], ['IDR3.AIE'], 'VMSAv9-128 comes with the attribute index extension.'],
    [['IDR5.D128'], ['IDR3.MTEPERM'], 'VMSAv9-128 comes with the NoTagAccess encodings.'],
    [
      ['!S_IDR1.SECURE_IMPL', 'IDR0.STALL_MODEL==1'],
      ['!IDR5.STALL_MAX'],
      'STALL_MAX is RES0 where nothing stalls.',
    ],
    [
      ['S_IDR1.SECURE_IMPL', 'S_IDR0.STALL_MODEL==1'],
      ['!IDR5.STALL_MAX'],
      'STALL_MAX is RES0 where nothing stalls.',
    ],
  ]),
  ...constraints('illegal', '6.3.41', [
    [['MPAMIDR.PARTID_MAX'], ['IDR3.MPAM'], 'MPAMIDR is RES0 without MPAM.'],
    [['MPAMIDR.PMG_MAX'], ['IDR3.MPAM'], 'MPAMIDR is RES0 without MPAM.'],
  ]),
];

/** Combinations that are permitted and serve nothing, or that are advised against. */
const ODD: readonly Constraint[] = [
  ...constraints('odd', '6.3.1', [
    [
      ['IDR0.CD2L'],
      ['IDR1.SSIDSIZE'],
      'CD tables of two levels serve SubstreamIDs, of which there are none.',
    ],
    [['IDR0.CD2L'], ['IDR0.S1P'], 'CD tables belong to stage 1, which is missing.'],
    [['IDR0.ASID16'], ['IDR0.S1P'], 'ASIDs belong to stage 1, which is missing.'],
    [['IDR0.VMID16'], ['IDR0.S2P'], 'VMIDs belong to stage 2, which is missing.'],
    [['IDR0.HTTU'], ['IDR0.TTF>=2'], 'Hardware updates only VMSAv8-64 descriptors, of which there are none.'],
    [['IDR0.ATS'], ['IDR0.STALL_MODEL!=2'], 'Where stalls are forced, no PCIe device may be attached.'],
  ]),
  ...constraints('odd', '6.3.6', [
    [
      ['IDR0.STALL_MODEL!=1', 'IDR0.STALL_MODEL!=3'],
      ['IDR5.STALL_MAX', 'S_IDR1.SECURE_IMPL'],
      'Stalls are supported, but none may be outstanding (STALL_MAX=0).',
    ],
  ]),
  ...constraints('odd', '6.3.41', [
    [
      ['IDR3.MPAM'],
      ['MPAMIDR.PARTID_MAX', 'S_MPAMIDR.PARTID_MAX', 'R_MPAMIDR.PARTID_MAX'],
      'MPAM without a PARTID to choose.',
    ],
  ]),
];

export const REGISTER_CONSTRAINTS: readonly Constraint[] = [...QUEUES_AND_STAGES, ...TRANSLATION, ...ODD];
