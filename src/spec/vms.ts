import { layout } from '../bits/layout.ts';
import { indexed, TO_31 } from './indexed.ts';

/** Virtual Machine Structure: the PARTID map of one VMID. Aligned to 4 KiB. */
export const VMS = layout('VMS', '5.6', 32768, {
  ...indexed('PARTID_MAP', TO_31, 0, 16, 'Physical PARTID for virtual PARTID #.', {
    needs: 'MPAM',
    since: '3.2',
  }),
});
