/** The trace events of QEMU's SMMU (7.2 to 10.2), and which values each must have to be used. */

export interface EventForm {
  /** Keys of numbers that must be there. */
  readonly numbers: readonly string[];
  /** Prefix of a name that must be there. */
  readonly word?: string;
}

function form(numbers = '', word?: string): EventForm {
  return { numbers: numbers === '' ? [] : numbers.split(' '), ...(word !== undefined && { word }) };
}

/** By the name of the event. Events that are not here show themselves and do nothing. */
export const EVENT_FORMS: Readonly<Record<string, EventForm>> = {
  smmu_add_mr: form(),
  smmu_ptw_level: form('level iova subpage_sz baseaddr pte'),
  smmu_ptw_invalid_pte: form('level pte'),
  smmu_ptw_page_pte: form('level pte'),
  smmu_ptw_block_pte: form('level pte'),
  smmu_get_pte: form('baseaddr index pteaddr pte'),
  smmu_iotlb_lookup_hit: form('asid addr'),
  smmu_iotlb_lookup_miss: form('asid addr'),
  smmu_iotlb_insert: form('asid addr'),
  smmu_iotlb_inv_all: form(),
  smmu_iotlb_inv_asid: form('asid'),
  smmu_iotlb_inv_asid_vmid: form('asid'),
  smmu_iotlb_inv_vmid: form('vmid'),
  smmu_iotlb_inv_vmid_s1: form('vmid'),
  smmu_iotlb_inv_iova: form('addr'),
  smmu_iotlb_inv_ipa: form('addr'),
  smmu_inv_notifiers_mr: form(),
  smmuv3_read_mmio: form('addr val size'),
  smmuv3_write_mmio: form('addr val size'),
  smmuv3_write_mmio_idr: form(),
  smmuv3_write_mmio_evtq_cons_bef_clear: form(),
  smmuv3_write_mmio_evtq_cons_after_clear: form(),
  smmuv3_trigger_irq: form('irq'),
  smmuv3_write_gerror: form(),
  smmuv3_write_gerrorn: form(),
  smmuv3_unhandled_cmd: form(),
  smmuv3_cmdq_consume: form('prod cons prod.wrap cons.wrap'),
  smmuv3_cmdq_opcode: form('', 'SMMU_CMD_'),
  smmuv3_cmdq_consume_out: form('prod cons prod_wrap cons_wrap'),
  smmuv3_cmdq_consume_error: form(),
  smmuv3_cmdq_cfgi_ste: form('streamid'),
  smmuv3_cmdq_cfgi_ste_range: form('start end'),
  smmuv3_cmdq_cfgi_cd: form('streamid'),
  smmuv3_cmdq_tlbi_nh: form(),
  smmuv3_cmdq_tlbi_nsnh: form(),
  smmuv3_cmdq_tlbi_nh_asid: form('asid'),
  smmuv3_cmdq_tlbi_s12_vmid: form('vmid'),
  smmuv3_s1_range_inval: form('asid addr tg num_pages ttl leaf'),
  smmuv3_range_inval: form('vmid asid addr tg num_pages ttl leaf'),
  smmuv3_inv_notifiers_iova: form(),
  smmuv3_notify_flag_add: form(),
  smmuv3_notify_flag_del: form(),
  smmuv3_config_cache_hit: form('sid'),
  smmuv3_config_cache_miss: form('sid'),
  smmuv3_config_cache_inv: form('sid'),
  smmuv3_find_ste: form('sid'),
  smmuv3_find_ste_2lvl: form('l1ptr l1_off l2ptr l2_off max_l2_ste'),
  smmuv3_get_ste: form('addr'),
  smmuv3_get_cd: form('addr'),
  smmuv3_decode_cd: form('oas'),
  smmuv3_decode_cd_tt: form('tsz ttb granule_sz'),
  smmuv3_translate_success: form('sid iova translated perm'),
  smmuv3_translate_bypass: form('sid iova is_write'),
  smmuv3_translate_disable: form('sid iova is_write'),
  smmuv3_translate_abort: form('sid iova is_write'),
  smmuv3_record_event: form('sid', 'SMMU_EVT_'),
};

/** Lines of QEMU's log that are no trace events, and say more of those beside them. */
export const MESSAGES: readonly {
  readonly name: 'failed-translation' | 'rejected-access' | 'no-level-2';
  readonly contains: string;
  readonly form: EventForm;
}[] = [
  { name: 'failed-translation', contains: ' translation failed for iova=', form: form('iova', 'SMMU_EVT_') },
  { name: 'rejected-access', contains: 'Invalid write at addr 0x', form: form() },
  { name: 'rejected-access', contains: 'Invalid read at addr 0x', form: form() },
  { name: 'no-level-2', contains: '(L1STD span=0)', form: form('sid') },
];
