import type { DapClient, SpawnedAdapter } from '../../kit/dap.ts';

/** One thing that the adapter declares: what is asked of it, and what must come back. */
export interface Row {
  /** Name of the capability, or of the feature where the protocol has no name. */
  readonly of: string;
  /** What holds. */
  readonly fact: string;
  check(client: DapClient, adapter: SpawnedAdapter): Promise<void>;
}
