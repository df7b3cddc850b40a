/** Time and scheduling, handed in by whoever runs the debugger. */
export interface Clock {
  /** Milliseconds from any origin. */
  now(): number;
  /** Resolves when everything else that waits (a pause request, say) has had its turn. */
  breathe(): Promise<void>;
}
