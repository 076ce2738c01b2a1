// How a limit a time is kept: what was used is a debt that is worked off steadily.

/** What is left of a debt after a time, in microseconds, when `rate` is worked off a second. */
export function debtAfter(debt: number, micros: bigint, rate: number): number {
  return Math.max(0, debt - (Number(micros) / 1_000_000) * rate);
}

/** Milliseconds until a debt has room for `amount` under `limit`; 0 when it has it already. */
export function waitMs(debt: number, amount: number, limit: number, rate: number): number {
  const over = debt + amount - limit;
  return over <= 0 ? 0 : Math.ceil((over / rate) * 1_000);
}
