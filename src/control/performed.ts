import type { Operation } from '../model/plan.ts';

/** For each kind of what people do by hand while a session stands: whether what is found in it is told, as of software. */
const KINDS = {
  register: false,
  memory: false,
  learned: false,
  device: true,
  'broadcast-tlbi': true,
  'broadcast-tlbi-pa': true,
} as const satisfies Readonly<Partial<Record<Operation['kind'], boolean>>>;

/** What people do by hand while a session stands. */
export type Performed = Extract<Operation, { kind: keyof typeof KINDS }>;

/** Whether an operation is one that people do by hand. */
export function isPerformed(operation: Operation): operation is Performed {
  return Object.hasOwn(KINDS, operation.kind);
}

/** Whether what is found in it is told: a change of registers or memory by hand is no mistake of software. */
export function isNoticed({ kind }: Performed): boolean {
  return KINDS[kind];
}
