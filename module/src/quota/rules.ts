// Rate limits as a leaky bucket: use adds to a debt, which drains at the limit's rate.

/** Returns a debt after `micros` microseconds, in which it drains at `rate` per second. */
export function debtAfter(debt: number, micros: bigint, rate: number): number {
  // A clock that was set back adds no debt.
  return Math.max(0, debt - (Math.max(0, Number(micros)) / 1_000_000) * rate);
}

/** Returns the milliseconds until a debt plus `amount` is within `limit`; 0 if it is now. */
export function waitMs(debt: number, amount: number, limit: number, rate: number): number {
  const over = debt + amount - limit;
  return over <= 0 ? 0 : Math.ceil((over / rate) * 1_000);
}
