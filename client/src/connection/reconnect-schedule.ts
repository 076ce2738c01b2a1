// When a lost connection is opened again, and when the client gives up.
//
// I1  Pauses grow (exponential backoff with jitter) until a connection has held for `STABLE_AFTER_MS`. A hub that accepts
//     connections and drops them immediately is therefore asked less and less often.
// I2  `giveUpAfterMs` counts from the first loss of an unstable period, so such a hub is given up like one that is down. The
//     time in which the process slept does not count.

import { backoffMs } from '../base/backoff.ts';
import type { Settings } from './settings.ts';

/**
 * A connection that held for this long is stable. Longer than a handshake with all subscriptions takes, and shorter than
 * the pauses that users notice after a single loss.
 */
export const STABLE_AFTER_MS = 5_000;

/** How late a timer may be in a busy process. */
const TOLERANCE_MS = 2_000;

/** Clock and random source of a schedule. */
export interface ScheduleWorld {
  /** Milliseconds. */
  readonly now: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
}

/** Counts the attempts of one client over all losses of its connection. */
export class ReconnectSchedule {
  readonly #settings: Pick<Settings, 'reconnect' | 'giveUpAfterMs'>;
  readonly #world: ScheduleWorld;
  #attempt = 0;
  #openedAt: number | undefined;
  /** The first loss since the last stable connection. */
  #unstableSince: number | undefined;

  constructor(
    settings: Pick<Settings, 'reconnect' | 'giveUpAfterMs'>,
    world: ScheduleWorld = { now: Date.now, random: Math.random },
  ) {
    this.#settings = settings;
    this.#world = world;
  }

  /** A connection was opened. */
  opened(): void {
    this.#openedAt = this.#world.now();
  }

  /** The open connection was lost. */
  lost(): void {
    const now = this.#world.now();
    if (this.#openedAt !== undefined && now - this.#openedAt >= STABLE_AFTER_MS) {
      this.#attempt = 0;
      this.#unstableSince = undefined;
    }
    this.#openedAt = undefined;
    this.#unstableSince ??= now;
  }

  /**
   * Counts a pause or an attempt. One that took longer than it can take was interrupted: the process or the machine slept, and
   * that time does not count.
   */
  took(ms: number, atMostMs: number): void {
    if (ms <= atMostMs + TOLERANCE_MS || this.#unstableSince === undefined) return;
    this.#unstableSince += ms - atMostMs;
  }

  /** Milliseconds before the next attempt. */
  nextPauseMs(): number {
    return backoffMs(this.#attempt++, this.#settings.reconnect, this.#world.random);
  }

  /** True once the unstable period is longer than `giveUpAfterMs`. */
  get isOver(): boolean {
    const since = this.#unstableSince;
    return since !== undefined && this.#world.now() - since > this.#settings.giveUpAfterMs;
  }
}
