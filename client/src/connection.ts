// The connection of a client over its whole life: opened, lost, found again, closed.
//
// I1  At most one session is open; `ready` gives it, or waits for it no longer than the patience of the client.
// I2  What followed the database before a loss (`onOpen`) follows it again before anybody is given the new session.
// I3  Nothing waits after `close`.

import type { DbConnection } from '@agora/bindings';
import { backoffMs } from './backoff.ts';
import { AgoraError, ConnectionError, textOf, toAgoraError } from './errors.ts';
import type { Settings, TokenStore } from './options.ts';
import { openSession, type Session } from './session.ts';

/** Where a connection is in its life; `closed` is final. */
export type ConnectionState = 'idle' | 'connecting' | 'connected' | 'reconnecting' | 'closed';

interface Waiter {
  readonly resolve: (session: Session) => void;
  readonly reject: (error: AgoraError) => void;
  readonly timer: ReturnType<typeof setTimeout>;
}

/** What a connection tells the client it belongs to. */
export interface ConnectionListener {
  /** Every state once, in order; `error` says why the last one ended. */
  changed(state: ConnectionState, error?: AgoraError): void;
  /** Something that nobody waited for went wrong. */
  warn(error: AgoraError): void;
}

/** Reasons that no further try can change. */
const FINAL = new Set<string>(['connection/not-admitted', 'connection/bad-token']);

/** Keeps one session with the hub open, and opens a new one when it is lost. */
export class Connection {
  readonly settings: Settings;
  readonly #listener: ConnectionListener;
  readonly #openings: ((session: Session) => void | Promise<void>)[] = [];
  readonly #losses: ((error: AgoraError) => void)[] = [];
  readonly #waiters = new Set<Waiter>();
  #state: ConnectionState = 'idle';
  #session: Session | undefined;
  /** What is being opened again: not yet anybody's to use. */
  #opening: Session | undefined;
  #token: string | undefined;
  #end: AgoraError | undefined;
  #wakeUp: (() => void) | undefined;

  constructor(settings: Settings, listener: ConnectionListener) {
    this.settings = settings;
    this.#listener = listener;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** The open session, if there is one right now. */
  get session(): Session | undefined {
    return this.#session;
  }

  /** Has something done on every session before others use it, in the order of asking. */
  onOpen(opened: (session: Session) => void | Promise<void>): void {
    this.#openings.push(opened);
  }

  /** Hears of each lost session, and of the end of the connection. */
  onLost(lost: (error: AgoraError) => void): void {
    this.#losses.push(lost);
  }

  /** Opens the connection; when it is open already, does nothing. */
  async connect(): Promise<void> {
    if (this.#end) throw this.#end;
    if (this.#state !== 'idle') {
      await this.ready();
      return;
    }
    this.#become('connecting');
    try {
      const { token, tokenStore } = this.settings;
      const known = token ?? (await tokenStore?.load());
      await this.#open(known);
      if (known === undefined && tokenStore) await this.#keepToken(tokenStore);
    } catch (error) {
      const reason = toAgoraError(error);
      if (!this.#end) this.#become('idle', reason);
      this.#rejectWaiters(reason);
      throw reason;
    }
  }

  /** The open session; while it is lost, waits for it. Throws a `ConnectionError` when it does not come back in time. */
  ready(): Promise<Session> {
    if (this.#session) return Promise.resolve(this.#session);
    if (this.#end) return Promise.reject(this.#end);
    if (this.#state === 'idle') {
      return Promise.reject(new ConnectionError('client/not-connected', 'call connect() first'));
    }
    const { patienceMs } = this.settings;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiters.delete(waiter);
        reject(this.lossAfter(patienceMs));
      }, patienceMs);
      const waiter = { resolve, reject, timer };
      this.#waiters.add(waiter);
    });
  }

  /** The error for who has waited `waitedMs` in vain. */
  lossAfter(waitedMs: number): ConnectionError {
    const { server } = this.settings;
    return new ConnectionError(
      'connection/lost',
      `the connection to ${server.origin} was lost and was not back within ${waitedMs} ms`,
    );
  }

  /** Calls the server; a call whose connection is lost is made again on the next one, so it must bear being made twice. */
  async call<T>(what: string, start: (db: DbConnection) => Promise<T>): Promise<T> {
    for (;;) {
      const session = await this.ready();
      try {
        return await session.wait(what, this.settings.callTimeoutMs, start);
      } catch (error) {
        if (!session.isLost || this.#end) throw this.#end ?? error;
      }
    }
  }

  /** Tells the client about something that nobody waited for. */
  warn(error: AgoraError): void {
    this.#listener.warn(error);
  }

  /** Ends the connection for good; may be called twice. */
  close(error: AgoraError = new ConnectionError('client/closed', 'the client was closed')): void {
    if (this.#end) return;
    this.#end = error;
    this.#state = 'closed';
    const lost = new ConnectionError('connection/lost', error.message);
    this.#opening?.lose(lost);
    const session = this.#session;
    this.#session = undefined;
    session?.lose(lost);
    this.#wakeUp?.();
    this.#rejectWaiters(error);
    for (const tell of this.#losses) tell(error);
    this.#become('closed', error.code === 'client/closed' ? undefined : error);
  }

  /** Without its token the agent works as well, until it is restarted. */
  async #keepToken(store: TokenStore): Promise<void> {
    try {
      if (this.#token !== undefined) await store.save(this.#token);
    } catch (error) {
      this.warn(new AgoraError('client/bad-option', `the token could not be kept: ${textOf(error)}`, { cause: error }));
    }
  }

  async #open(token: string | undefined): Promise<void> {
    const session = await openSession(this.settings, token, (lost, error) => this.#lost(lost, error));
    if (this.#end) {
      session.lose(new ConnectionError('connection/lost', this.#end.message));
      throw this.#end;
    }
    this.#token = session.token;
    this.#opening = session;
    try {
      for (const opened of this.#openings) await this.#openPart(session, opened);
    } finally {
      this.#opening = undefined;
    }
    this.#session = session;
    this.#become('connected');
    for (const waiter of this.#waiters) {
      clearTimeout(waiter.timer);
      waiter.resolve(session);
    }
    this.#waiters.clear();
  }

  /** One part that cannot be had again must not keep the others from it. */
  async #openPart(session: Session, opened: (session: Session) => void | Promise<void>): Promise<void> {
    try {
      await opened(session);
    } catch (error) {
      if (session.isLost) throw error;
      this.warn(toAgoraError(error));
    }
  }

  #lost(session: Session, error: ConnectionError): void {
    if (this.#session !== session) return;
    this.#session = undefined;
    for (const tell of this.#losses) tell(error);
    this.#become('reconnecting', error);
    void this.#reconnect();
  }

  async #reconnect(): Promise<void> {
    const { giveUpAfterMs, server } = this.settings;
    const deadline = Date.now() + giveUpAfterMs;
    for (let attempt = 0; !this.#end; attempt++) {
      await this.#pause(backoffMs(attempt));
      if (this.#end) return;
      try {
        await this.#open(this.#token);
        return;
      } catch (error) {
        const reason = toAgoraError(error);
        if (FINAL.has(reason.code)) return this.close(reason);
        if (Date.now() > deadline) {
          const sentence = `the connection to ${server.origin} did not come back within ${giveUpAfterMs} ms: ${textOf(error)}`;
          return this.close(new ConnectionError('connection/lost', sentence, { cause: error }));
        }
      }
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise(resolve => {
      const timer = setTimeout(resolve, ms);
      this.#wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #rejectWaiters(error: AgoraError): void {
    for (const waiter of this.#waiters) {
      clearTimeout(waiter.timer);
      waiter.reject(error);
    }
    this.#waiters.clear();
  }

  #become(state: ConnectionState, error?: AgoraError): void {
    this.#state = state;
    this.#listener.changed(state, error);
  }
}
