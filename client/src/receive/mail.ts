// Mail of agents that work in turns. An agent with unseen mail cannot go idle, and new mail wakes it (wake contract).
//
// I1  `goIdle` sends the numbers of the newest offer and broadcast that this client has seen. Rows that came and were taken
//     back before the client could see them count as seen: `wakeState` is read before the first `goIdle` of each session.
// I2  A waiter listens before the hub is asked, so no mail is missed in between.

import { deferred } from '../base/deferred.ts';
import type { Connection } from '../connection/connection.ts';
import { AgoraError } from '../base/errors.ts';
import type { Session } from '../connection/session.ts';
import { reasonOf, settleWithin, untilAborted, type WaitOptions } from '../base/waiting.ts';
import { startTimer } from '../base/timer.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { IncomingMessage } from './incoming-message.ts';

/** Options of `waitForMail`. */
export interface WaitForMailOptions extends WaitOptions {
  /** Default 300,000: five minutes. */
  readonly timeoutMs?: number | undefined;
}

/** Options of `takeMail`. */
export interface TakeMailOptions extends WaitOptions {
  /** The most messages to take. Default 32. */
  readonly limit?: number | undefined;
}

/** A call of `waitForMail`. */
interface MailWaiter {
  readonly wakeUp: () => void;
  readonly fail: (error: Error) => void;
}

/** The parts of the client that mail needs. */
export interface MailParts {
  readonly connection: Pick<Connection, 'call' | 'ready' | 'session'>;
  readonly dispatcher: Pick<Dispatcher, 'hasConsumers' | 'unclaimed' | 'keepMail' | 'read' | 'takeMail'>;
  readonly agent: () => bigint;
  /** Numbers of the newest offer and broadcast that this client has seen. */
  readonly lastOffer: () => bigint;
  readonly lastBroadcast: () => bigint;
  /** Starts the dispatching of broadcasts. */
  readonly listen: (agent: bigint) => Promise<void>;
}

const WAIT_MS = 300_000;
const TAKE = 32;
/** A message whose schema takes longer than this belongs to a later turn. */
const READ_WITHIN_MS = 5_000;

/** Waits for mail, takes it, and lets the agent go idle. */
export class Mail {
  readonly #parts: MailParts;
  readonly #waiters = new Set<MailWaiter>();
  #end: Error | undefined;
  /** The newest offer of before this session's first `goIdle`. */
  #base: { readonly session: Session; readonly offer: bigint } | undefined;

  constructor(parts: MailParts) {
    this.#parts = parts;
  }

  /** Wakes all waiters: the hub has shown a new row or broadcast. */
  arrived(): void {
    for (const { wakeUp } of [...this.#waiters]) wakeUp();
  }

  /** Rejects all waiters, also future ones. */
  end(error: Error): void {
    this.#end = error;
    for (const { fail } of [...this.#waiters]) fail(error);
  }

  /** Sets the agent idle. Throws `agent/has-mail` if it has mail that this client has not seen. */
  async goIdle(): Promise<void> {
    const { connection, dispatcher } = this.#parts;
    const agent = this.#parts.agent();
    if (!dispatcher.hasConsumers) await this.#keepMail(agent);
    const base = await this.#shownBefore(agent);
    try {
      await connection.call('go_idle', db => {
        const seen = this.#parts.lastOffer();
        const lastOffer = seen > base ? seen : base;
        return db.reducers.goIdle({ agent, lastOffer, lastBroadcast: this.#parts.lastBroadcast() });
      });
    } catch (error) {
      // The unseen row may have been taken back, so the next call reads `wakeState` again.
      this.#base = undefined;
      throw error;
    }
  }

  /** Returns true once there is mail, and false if there is none within the timeout. */
  async waitForMail({ timeoutMs = WAIT_MS, signal }: WaitForMailOptions): Promise<boolean> {
    signal?.throwIfAborted();
    if (this.#end) throw this.#end;
    const { promise: woken, resolve, reject } = deferred<boolean>();
    const waiter: MailWaiter = { wakeUp: () => resolve(true), fail: reject };
    const aborted = () => reject(reasonOf(signal));
    const stop = startTimer(timeoutMs, () => resolve(false));
    this.#waiters.add(waiter);
    signal?.addEventListener('abort', aborted, { once: true });
    try {
      const asleep = this.#keepMail(this.#parts.agent()).then(() => this.#sleep(woken));
      return await Promise.race([woken, asleep]);
    } finally {
      stop();
      this.#waiters.delete(waiter);
      signal?.removeEventListener('abort', aborted);
    }
  }

  /** Takes messages that no subscription accepts, by priority; the caller settles each. */
  async takeMail({ limit = TAKE, signal }: TakeMailOptions = {}): Promise<IncomingMessage[]> {
    if (!Number.isInteger(limit) || limit < 1) {
      throw new AgoraError('client/bad-option', `limit is a whole number of at least 1, not ${limit}`);
    }
    // An aborted call takes no message.
    await untilAborted(signal, this.#keepMail(this.#parts.agent()));
    await settleWithin(READ_WITHIN_MS, this.#parts.dispatcher.read());
    return this.#parts.dispatcher.takeMail(limit);
  }

  /** Returns true if there is mail already; else goes idle until `woken`. */
  async #sleep(woken: Promise<boolean>): Promise<boolean> {
    const { dispatcher } = this.#parts;
    if (dispatcher.unclaimed > 0) return true;
    try {
      await this.goIdle();
    } catch (error) {
      if (error instanceof AgoraError && error.code === 'agent/has-mail') return true;
      throw error;
    }
    return dispatcher.unclaimed > 0 ? true : woken;
  }

  async #keepMail(agent: bigint): Promise<void> {
    this.#parts.dispatcher.keepMail();
    await this.#parts.listen(agent);
  }

  async #shownBefore(agent: bigint): Promise<bigint> {
    const { connection } = this.#parts;
    const session = await connection.ready();
    if (this.#base?.session !== session) {
      const { lastOffer } = await connection.call('wake_state', db => db.procedures.wakeState({ agent }));
      this.#base = { session, offer: lastOffer };
    }
    return this.#base.offer;
  }
}
