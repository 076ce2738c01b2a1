// Microseconds since 1970, the unit of all times on the hub.

/** Converts microseconds to a date. */
export function dateOf(micros: bigint | number): Date {
  return new Date(Number(micros) / 1_000);
}

/** Converts microseconds to a date; 0 is no date. */
export function dateOrNone(micros: bigint | number): Date | undefined {
  return Number(micros) === 0 ? undefined : dateOf(micros);
}

/** Converts a date to microseconds. */
export function microsOf(date: Date): bigint {
  return BigInt(date.getTime()) * 1_000n;
}
