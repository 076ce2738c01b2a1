// Quota usage of an agent.

/** Quota usage of an agent, each value beside its limit. */
export interface AgentUsage {
  /** Messages and events just now, of `burst`; `rate` of them are forgotten a second. */
  readonly rateUsed: number;
  readonly rate: number;
  readonly burst: number;
  /** Deliveries it caused that have not ended. */
  readonly unfinished: number;
  readonly unfinishedLimit: number;
  readonly inbox: number;
  readonly inboxLimit: number;
  /** Recipients in the last minute. */
  readonly fanOutUsed: number;
  readonly fanOut: number;
  /** Of the whole hub. */
  readonly storedBytes: number;
  readonly storedBytesLimit: number;
}

/** Converts the row of the hub: its 64-bit counts become numbers. */
export function usageOf<Usage extends { readonly storedBytes: bigint; readonly storedBytesLimit: bigint }>(
  usage: Usage,
) {
  const { storedBytes, storedBytesLimit } = usage;
  return { ...usage, storedBytes: Number(storedBytes), storedBytesLimit: Number(storedBytesLimit) };
}
