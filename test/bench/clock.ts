/**
 * CPU time of this process in nanoseconds, its collector's and compiler's threads included. Wall time on a shared
 * machine says more about its other tenants; the clock of a single thread moves in ticks of milliseconds on some.
 */
export function cpuNs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1000;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}
