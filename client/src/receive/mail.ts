// The wake contract, for agents that work in turns: nobody goes idle with mail unseen, and whoever waits is woken by the next.
//
// I1  The hub is asked to let the agent go idle with the numbers of what this client has seen. What came and was taken away
//     before the client could see it counts as seen: `wakeState` is read before the first time on each session.
// I2  Whoever waits listens before the hub is asked, so nothing falls between the two.

import type { Connection } from '../connection/connection.ts';
import { AgoraError } from '../base/errors.ts';
import type { Session } from '../connection/session.ts';
import { reasonOf, settleWithin, untilAborted, type WaitOptions } from '../base/waiting.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { IncomingMessage } from './incoming-message.ts';

/** How long mail is waited for. */
export interface WaitForMailOptions extends WaitOptions {
  /** By default five minutes. */
  readonly timeoutMs?: number | undefined;
}

/** How much mail is taken. */
export interface TakeMailOptions extends WaitOptions {
  /** At most so many; by default 32. */
  readonly limit?: number | undefined;
}

/** Somebody who waits for mail. */
interface MailWaiter {
  readonly wakeUp: () => void;
  readonly fail: (error: Error) => void;
}

/** What waking needs of its client. */
export interface MailParts {
  readonly connection: Pick<Connection, 'call' | 'ready' | 'session'>;
  readonly dispatcher: Pick<Dispatcher, 'hasConsumers' | 'unclaimed' | 'keepMail' | 'read' | 'takeMail'>;
  readonly agent: () => bigint;
  /** The newest that this client has seen. */
  readonly lastOffer: () => bigint;
  readonly lastBroadcast: () => bigint;
  /** Broadcasts are to be handed out from now on. */
  readonly listen: (agent: bigint) => Promise<void>;
}

const WAIT_MS = 300_000;
const TAKE = 32;
/** A schema that takes longer than this gives its message to a later turn. */
const READ_WITHIN_MS = 5_000;

/** Lets an agent sleep, and wakes it. */
export class Mail {
  readonly #parts: MailParts;
  readonly #waiters = new Set<MailWaiter>();
  #end: Error | undefined;
  /** What the hub had shown when this session began to care. */
  #base: { readonly session: Session; readonly offer: bigint } | undefined;

  constructor(parts: MailParts) {
    this.#parts = parts;
  }

  /** Something was shown to the agent, or said to everyone. */
  arrived(): void {
    for (const { wakeUp } of [...this.#waiters]) wakeUp();
  }

  /** Nobody will be woken any more: whoever sleeps is told. */
  end(error: Error): void {
    this.#end = error;
    for (const { fail } of [...this.#waiters]) fail(error);
  }

  /** Goes idle. Throws `agent/has-mail` when there is something that this client has not seen. */
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
      // What was taken away again is never seen: next time it is no reason.
      this.#base = undefined;
      throw error;
    }
  }

  /** True once there is mail, false when there was none within the time. */
  async waitForMail({ timeoutMs = WAIT_MS, signal }: WaitForMailOptions): Promise<boolean> {
    signal?.throwIfAborted();
    if (this.#end) throw this.#end;
    const { promise: woken, resolve, reject } = Promise.withResolvers<boolean>();
    const sleeper: MailWaiter = { wakeUp: () => resolve(true), fail: reject };
    const aborted = () => reject(reasonOf(signal));
    const timer = setTimeout(() => resolve(false), timeoutMs);
    this.#waiters.add(sleeper);
    signal?.addEventListener('abort', aborted, { once: true });
    try {
      const asleep = this.#keepMail(this.#parts.agent()).then(() => this.#sleep(woken));
      return await Promise.race([woken, asleep]);
    } finally {
      clearTimeout(timer);
      this.#waiters.delete(sleeper);
      signal?.removeEventListener('abort', aborted);
    }
  }

  /** Takes what no subscription wants, the highest priority first: each message is settled by hand. */
  async takeMail({ limit = TAKE, signal }: TakeMailOptions = {}): Promise<IncomingMessage[]> {
    if (!Number.isInteger(limit) || limit < 1) {
      throw new AgoraError('client/bad-option', `limit is a whole number from 1 on, not ${limit}`);
    }
    // Nothing is taken for somebody who waits no longer.
    await untilAborted(signal, this.#keepMail(this.#parts.agent()));
    await settleWithin(READ_WITHIN_MS, this.#parts.dispatcher.read());
    return this.#parts.dispatcher.takeMail(limit);
  }

  /** Whether there is mail already; else goes idle until `woken`. */
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
