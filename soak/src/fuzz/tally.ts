// What came of the inputs: each is answered or refused, and everything else is a fault.

/** One input took longer than this: something may hang. */
const SLOW_MS = 2_000;
const MOST_FAULTS = 20;

/** Counts, and keeps the first faults with what it takes to see them again. */
export class Tally {
  answered = 0;
  refused = 0;
  readonly faults: string[] = [];

  /** Gives one input to what reads it. `isRefusal` tells the errors that are answers. */
  try(target: string, show: () => string, read: () => void, isRefusal: (error: unknown) => boolean): void {
    const begun = performance.now();
    try {
      read();
      this.answered++;
    } catch (error) {
      if (isRefusal(error)) this.refused++;
      else this.fault(target, show(), traced(read, error));
    }
    const spentMs = performance.now() - begun;
    if (spentMs > SLOW_MS) this.fault(target, show(), `took ${Math.round(spentMs)} ms`);
  }

  fault(target: string, input: string, what: string): void {
    if (this.faults.length < MOST_FAULTS) this.faults.push(`${target}: ${input.slice(0, 2000)}\n  ${what}`);
  }

  get inputs(): number {
    return this.answered + this.refused + this.faults.length;
  }
}

/**
 * Runs with errors that carry no trace: most inputs are refused, and traces would be a tenth of the work. What is a fault is
 * done again with one.
 */
export async function withoutTraces<T>(work: () => Promise<T>): Promise<T> {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return await work();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function traced(read: () => void, first: unknown): string {
  Error.stackTraceLimit = 20;
  try {
    read();
  } catch (again) {
    if (again instanceof Error) return again.stack ?? again.message;
  } finally {
    Error.stackTraceLimit = 0;
  }
  return `${String(first)}, but not when it was tried again`;
}
