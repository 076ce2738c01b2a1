// The order of offered messages. A separate call reads a payload over 4 KiB; messages behind it wait for it, so that the
// size of a payload changes neither the order nor the priority in which handlers get the messages.
//
// I1  A message is passed on after all waiting ones of a higher priority, and after the earlier ones of the same priority.
// I2  A message of a higher priority does not wait for the payloads of lower ones.

/** A message on its way to a consumer. */
export interface Arrival {
  readonly priority: number;
  /** Position in the order of the hub's offers. */
  readonly seq: bigint;
  /** Passes it on. */
  readonly pass: () => void;
}

interface Waiting extends Arrival {
  isReady: boolean;
}

/** Passes messages on by priority and offer. */
export class Arrivals {
  /** The next one first. */
  readonly #waiting: Waiting[] = [];

  /** Passes a message on once `payload` has settled. The promise must not reject. */
  add(arrival: Arrival, payload: Promise<unknown> | undefined): void {
    if (!payload && this.#waiting.length === 0) return arrival.pass();
    const waiting: Waiting = { ...arrival, isReady: !payload };
    const after = this.#waiting.findIndex(each => isBefore(arrival, each));
    this.#waiting.splice(after < 0 ? this.#waiting.length : after, 0, waiting);
    if (payload) void payload.then(() => this.#ready(waiting));
    this.#passOn();
  }

  /** Forgets all waiting messages. */
  clear(): void {
    this.#waiting.length = 0;
  }

  #ready(waiting: Waiting): void {
    waiting.isReady = true;
    this.#passOn();
  }

  #passOn(): void {
    while (this.#waiting[0]?.isReady) this.#waiting.shift()?.pass();
  }
}

function isBefore(a: Arrival, b: Arrival): boolean {
  return a.priority === b.priority ? a.seq < b.seq : a.priority > b.priority;
}
