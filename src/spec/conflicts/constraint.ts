import type { FeatureTest } from '../feature-test.ts';

/**
 * `illegal`: the architecture has no such SMMU. `odd`: it has, but the combination serves nothing, or is advised
 * against.
 */
export type Severity = 'illegal' | 'odd';

/** A relation between fields of ID registers: where every test of `when` holds, one of `needs` must hold. */
export interface Constraint {
  readonly severity: Severity;
  readonly when: readonly FeatureTest[];
  readonly needs: readonly FeatureTest[];
  /** Why, as a sentence. */
  readonly why: string;
  /** Section of Arm IHI 0070. */
  readonly section: string;
}

/** A table of one section and severity. */
export function constraints(
  severity: Severity,
  section: string,
  rows: readonly (readonly [when: readonly FeatureTest[], needs: readonly FeatureTest[], why: string])[],
): readonly Constraint[] {
  return rows.map(([when, needs, why]) => ({ severity, section, when, needs, why }));
}
