/** One check of a structure or of the way to it, in the notation of the architecture's pseudocode. */
export interface ValidityRule {
  /** What is checked. */
  readonly structure:
    | 'STRTAB'
    | 'L1STD'
    | 'STE'
    | 'L1CD'
    | 'CD'
    | 'ATS'
    | 'GBPA'
    | 'R_GBPA'
    | 'CR2'
    | 'S_CR0';
  /** The condition, on fields and ID bits. */
  readonly when: string;
  /** What happens then. */
  readonly result: string;
  /** Features, or their values, that the rule depends on. */
  readonly feature?: string;
  readonly note?: string;
  readonly conf?: 'medium' | 'low';
}
