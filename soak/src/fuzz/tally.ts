// Tally of the inputs: each is answered or refused; every other outcome is a fault.

/** An input that takes longer is a fault. */
const SLOW_MS = 2_000;
const MAX_FAULTS = 20;

/** Counts outcomes, and keeps the first faults with their input. */
export class Tally {
  answered = 0;
  refused = 0;
  readonly faults: string[] = [];

  /** Gives one input to a parser. `isRefusal` returns true for expected errors. */
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
    if (this.faults.length < MAX_FAULTS) this.faults.push(`${target}: ${input.slice(0, 2000)}\n  ${what}`);
  }

  get inputs(): number {
    return this.answered + this.refused + this.faults.length;
  }
}

/**
 * Runs with errors that carry no stack trace: most inputs are refused, and traces would be a tenth of the work. A fault runs
 * again with a trace.
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
