import type { Statement } from './world-statements.ts';

/**
 * What the checks of isolation hold that no statement about notifiers says already, a statement an id:
 * `isolation:CROSSING` in `rulesOff`.
 */
export const ISOLATION_STATEMENTS = {
  CROSSING: {
    doc: 'An invalidation of the entries of one Security state reaches no consumer of another.',
    section: '3.10.1',
  },
  'FORBIDDEN-OUTPUT': {
    doc: 'A transaction reaches only the physical address spaces that its Security state has access to.',
    section: '3.10.1',
  },
  'FORBIDDEN-FETCH': {
    doc: 'So does every read of a structure or a table for it; the granule protection table is Root’s.',
    section: '3.10.1',
  },
} as const satisfies Readonly<Record<string, Statement>>;
