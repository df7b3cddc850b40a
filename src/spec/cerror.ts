/** Why a command queue stopped: CMDQ_CONS.ERR and ECMDQ_CONS.ERR_REASON (7.1). */
export const CERRORS = {
  CERROR_NONE: { code: 0, doc: 'No error.' },
  CERROR_ILL: { code: 1, doc: 'The command is illegal: reserved opcode, or an illegal parameter.' },
  CERROR_ABT: { code: 2, doc: 'The read of the command was aborted.' },
  CERROR_ATC_INV_SYNC: { code: 3, doc: 'CMD_SYNC could not complete an earlier CMD_ATC_INV.' },
} as const;

export type CerrorName = keyof typeof CERRORS;

/** The name of an error code, or undefined for a reserved one. */
export function cerrorName(code: number): CerrorName | undefined {
  return (Object.keys(CERRORS) as CerrorName[]).find((name) => CERRORS[name].code === code);
}
