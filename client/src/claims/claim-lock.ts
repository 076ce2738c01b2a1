// A held claim: extended automatically until it is released, or lost.
//
// I1  The signal aborts before the hub can grant the resource to another agent, as far as this process can know: when the row of
//     the claim disappears, when the lease was not extended in time, or when the connection was lost for the grace.
// I2  A lost lock is released, so that the hub frees the resource early.

import { LIMITS, type ClaimedResource } from '@agora/module/contract';
import { AgoraError } from '../base/errors.ts';

/** What a lock asks of the client. */
export interface LockHolder {
  extend(id: string, ms: number): Promise<void>;
  release(id: string): Promise<void>;
  /** Called once, at the end. */
  ended(id: string): void;
}

/** Extensions within one lease. */
const EXTENSIONS = 3;

/**
 * A held claim. `await using` releases it at the end of a block.
 *
 * @example
 * ```ts
 * await using lock = await client.claim('src/**', { note: 'renames', timeoutMs: 60_000 });
 * console.log(lock.number, lock.signal.aborted);
 * ```
 */
export interface ClaimLock extends AsyncDisposable {
  readonly id: string;
  /** The fencing number: grows with every grant of the hub. Pass it to what the claim protects. */
  readonly number: number;
  readonly resources: readonly ClaimedResource[];
  /** Aborts when the claim is lost, with `claim/lost` as its reason; not when it is released. */
  readonly signal: AbortSignal;
  /** Releases the claim; the hub grants it to the next in the queue. Idempotent. */
  release(): Promise<void>;
}

/** The lock of a claim, extended until its end. */
export class HeldClaim implements ClaimLock {
  readonly id: string;
  readonly number: number;
  readonly resources: readonly ClaimedResource[];
  /** True if it outlives its client, which does not extend it. */
  readonly isKept: boolean;
  readonly #holder: LockHolder;
  readonly #leaseMs: number;
  readonly #abort = new AbortController();
  readonly #extension: ReturnType<typeof setInterval> | undefined;
  #deadline: ReturnType<typeof setTimeout> | undefined;
  #grace: ReturnType<typeof setTimeout> | undefined;
  #isExtending = false;
  #released: Promise<void> | undefined;

  constructor(
    { id, number, resources }: Pick<ClaimLock, 'id' | 'number' | 'resources'>,
    { leaseMs, isKept }: { readonly leaseMs: number; readonly isKept: boolean },
    holder: LockHolder,
  ) {
    this.id = id;
    this.number = number;
    this.resources = resources;
    this.#holder = holder;
    this.#leaseMs = leaseMs;
    this.#setDeadline(performance.now());
    this.isKept = isKept;
    if (!isKept) this.#extension = setInterval(() => void this.#extend(), leaseMs / EXTENSIONS);
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  release(): Promise<void> {
    if (this.#abort.signal.aborted) return Promise.resolve();
    this.#stop();
    this.#released ??= this.#holder.release(this.id);
    return this.#released;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }

  /** Ends the lock without a release of its program. */
  lose(why: string): void {
    if (this.#abort.signal.aborted || this.#released) return;
    this.#stop();
    // The hub may still have it.
    if (!this.isKept) this.#holder.release(this.id).catch(() => undefined);
    this.#abort.abort(new AgoraError('claim/lost', `claim ${this.id} was lost: ${why}`));
  }

  /** The connection was lost: the hub frees the claim after the grace. */
  disconnected(): void {
    if (this.isKept) return;
    this.#grace ??= setTimeout(() => this.lose('the connection was lost'), LIMITS.graceMs);
  }

  /** The claim was seen on the hub after a reconnect. */
  reconnected(): void {
    clearTimeout(this.#grace);
    this.#grace = undefined;
    if (!this.isKept) void this.#extend();
  }

  async #extend(): Promise<void> {
    if (this.#isExtending) return;
    this.#isExtending = true;
    // The lease runs on the hub from a later time than this one.
    const sentAt = performance.now();
    try {
      await this.#holder.extend(this.id, this.#leaseMs);
      if (!this.#released) this.#setDeadline(sentAt);
    } catch (error) {
      if (error instanceof AgoraError && error.code === 'claim/lost') this.lose('the lease ended');
      // Any other failure: the next extension, or the deadline, decides.
    } finally {
      this.#isExtending = false;
    }
  }

  #setDeadline(sentAt: number): void {
    if (this.#abort.signal.aborted) return;
    clearTimeout(this.#deadline);
    const left = sentAt + this.#leaseMs - performance.now();
    this.#deadline = setTimeout(() => this.lose('the lease was not extended in time'), left);
  }

  #stop(): void {
    clearInterval(this.#extension);
    clearTimeout(this.#deadline);
    clearTimeout(this.#grace);
    this.#holder.ended(this.id);
  }
}
