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
      else this.fault(target, show(), error instanceof Error ? (error.stack ?? error.message) : String(error));
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
