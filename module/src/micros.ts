// Rows hold times in microseconds, as SpacetimeDB does; limits and arguments are in milliseconds.

/** Converts milliseconds to microseconds. */
export function toMicros(ms: number | bigint): bigint {
  return BigInt(ms) * 1000n;
}

/** Converts microseconds to whole milliseconds, rounded towards zero. */
export function toMs(micros: bigint): number {
  return Number(micros / 1000n);
}
