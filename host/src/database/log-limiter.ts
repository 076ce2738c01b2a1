// A limit for log lines that callers cause, so that no caller can push the other lines out of the log: some of a kind pass
// immediately, then one a minute; the others are counted.

const MINUTE_MICROS = 60_000_000n;

/** Kinds that are counted separately; further kinds share one count. */
const MAX_KINDS = 256;
const OTHERS = 'lines of other kinds';

/** All kinds together may use this many times the burst, and the rate, of one kind. */
const ALL_KINDS = 5;

/** A token bucket: lines that may pass now, refilled each minute. */
class Credit {
  readonly #burst: number;
  readonly #perMinute: number;
  #left: number;
  #filledAt: bigint;

  constructor(burst: number, perMinute: number, now: bigint) {
    this.#burst = burst;
    this.#perMinute = perMinute;
    this.#left = burst;
    this.#filledAt = now;
  }

  leftAt(now: bigint): number {
    const minutes = now > this.#filledAt ? (now - this.#filledAt) / MINUTE_MICROS : 0n;
    if (minutes > 0n) {
      this.#left = Math.min(this.#burst, this.#left + Number(minutes) * this.#perMinute);
      this.#filledAt += minutes * MINUTE_MICROS;
    }
    return this.#left;
  }

  isFullAt(now: bigint): boolean {
    return this.leftAt(now) === this.#burst;
  }

  take(): void {
    this.#left--;
  }
}

interface Kind {
  readonly name: string;
  readonly credit: Credit;
  omitted: number;
}

/** Decides which lines of a kind are logged. */
export class LogLimiter {
  readonly #burst: number;
  readonly #kinds = new Map<string, Kind>();
  #all: Credit | undefined;
  #omitted = 0;
  #reportAt = 0n;
  #forgetAt = 0n;

  /** `burst` is the number of lines of one kind that pass without a delay. */
  constructor(burst: number) {
    this.#burst = burst;
  }

  /** Returns true if a line of this kind may be logged now; it is counted otherwise. */
  passes(name: string, now: bigint): boolean {
    const kind = this.#kindOf(name, now);
    const all = (this.#all ??= new Credit(this.#burst * ALL_KINDS, ALL_KINDS, now));
    if (kind.credit.leftAt(now) > 0 && all.leftAt(now) > 0) {
      kind.credit.take();
      all.take();
      return true;
    }
    if (this.#omitted === 0) this.#reportAt = now + MINUTE_MICROS;
    kind.omitted++;
    this.#omitted++;
    return false;
  }

  /** Sentences about the omitted lines, at most once a minute; the rarest kinds share one. */
  report(now: bigint): string[] {
    if (this.#omitted === 0 || now < this.#reportAt) return [];
    this.#omitted = 0;
    const omitted = [...this.#kinds.values()].filter(kind => kind.omitted > 0).sort((a, b) => b.omitted - a.omitted);
    const sentences = omitted.slice(0, ALL_KINDS).map(kind => `${kind.omitted} more of: ${kind.name}`);
    const rest = omitted.slice(ALL_KINDS).reduce((sum, kind) => sum + kind.omitted, 0);
    if (rest > 0) sentences.push(`${rest} more of ${OTHERS}`);
    for (const kind of omitted) kind.omitted = 0;
    return sentences;
  }

  #kindOf(name: string, now: bigint): Kind {
    const known = this.#kinds.get(name);
    if (known) return known;
    if (this.#kinds.size >= MAX_KINDS) this.#forgetIdle(now);
    if (this.#kinds.size >= MAX_KINDS && name !== OTHERS) return this.#kindOf(OTHERS, now);
    const kind: Kind = { name, credit: new Credit(this.#burst, 1, now), omitted: 0 };
    this.#kinds.set(name, kind);
    return kind;
  }

  /** Makes place for other kinds, at most once a minute. */
  #forgetIdle(now: bigint): void {
    if (now < this.#forgetAt) return;
    this.#forgetAt = now + MINUTE_MICROS;
    for (const [name, { credit, omitted }] of this.#kinds) {
      if (omitted === 0 && credit.isFullAt(now)) this.#kinds.delete(name);
    }
  }
}
