// The connection of a client over its whole life: opened, lost, reopened, closed (`connection-state.ts` has the table).
//
// I1  At most one session is open; `ready` returns it, or waits for it at most `offlineTimeoutMs`.
// I2  Subscriptions of before a loss (`onOpen`) are open again before any caller gets the new session.
// I3  Nothing waits after `close`.
// I4  Attempts count over all losses until a connection has held for some seconds (`ReconnectSchedule`).

import type { DbConnection } from '@agora/bindings';
import { backoffMs } from '../base/backoff.ts';
import { AgoraError, ConnectionError, textOf, toAgoraError } from '../base/errors.ts';
import { reasonOf, untilAborted, type WaitOptions } from '../base/waiting.ts';
import { checkContractVersion } from './contract-version.ts';
import { nextState, type ConnectionState, type ConnectionTrigger } from './connection-state.ts';
import { ReconnectSchedule } from './reconnect-schedule.ts';
import type { Settings } from './settings.ts';
import { openSession, type Session } from './session.ts';
import { newToken } from './admission.ts';
import type { TokenStore } from './token-store.ts';

interface Waiter {
  readonly resolve: (session: Session) => void;
  readonly reject: (error: AgoraError) => void;
  readonly timer: ReturnType<typeof setTimeout>;
}

/** Callbacks of a connection to its client. */
export interface ConnectionListener {
  /** Receives every state once, in order; `error` is the reason why the last one ended. */
  changed(state: ConnectionState, error?: AgoraError): void;
  /** Receives an error that no call can be rejected with. */
  warn(error: AgoraError): void;
}

/** Options of the first connection. */
export interface ConnectOptions extends WaitOptions {
  /** How long to retry while no hub answers, in milliseconds. Default 0: one attempt. */
  readonly retryForMs?: number | undefined;
}

/** Kept tokens that one `connect` tries. */
const MAX_TOKENS = 10;

/** Errors that no further attempt can change. */
const FINAL = new Set<string>(['connection/not-admitted', 'connection/bad-token', 'connection/other-version']);

/** Keeps one session with the hub open, and opens a new one after a loss. */
export class Connection {
  readonly settings: Settings;
  readonly #listener: ConnectionListener;
  readonly #schedule: ReconnectSchedule;
  readonly #openings: ((session: Session) => void | Promise<void>)[] = [];
  readonly #losses: ((error: AgoraError) => void)[] = [];
  readonly #waiters = new Set<Waiter>();
  #state: ConnectionState = 'idle';
  #session: Session | undefined;
  /** The session that is being opened, which no caller may use yet. */
  #opening: Session | undefined;
  #token: string | undefined;
  #end: AgoraError | undefined;
  #wakeUp: (() => void) | undefined;

  constructor(settings: Settings, listener: ConnectionListener) {
    this.settings = settings;
    this.#listener = listener;
    this.#schedule = new ReconnectSchedule(settings);
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** The open session, if any. */
  get session(): Session | undefined {
    return this.#session;
  }

  /** Adds a callback that runs on every session before other callers get it, in the order of adding. */
  onOpen(opened: (session: Session) => void | Promise<void>): void {
    this.#openings.push(opened);
  }

  /** Adds a callback for each lost session and for the end of the connection. */
  onLost(lost: (error: AgoraError) => void): void {
    this.#losses.push(lost);
  }

  /** Opens the connection; a no-op when it is open. */
  async connect({ signal, retryForMs = 0 }: ConnectOptions = {}): Promise<void> {
    signal?.throwIfAborted();
    if (this.#end) throw this.#end;
    if (this.#state !== 'idle') {
      await this.ready(signal);
      return;
    }
    this.#move('connect');
    const deadline = Date.now() + retryForMs;
    const stopPause = () => this.#wakeUp?.();
    signal?.addEventListener('abort', stopPause, { once: true });
    try {
      for (let attempt = 0; ; attempt++) {
        try {
          await this.#openKnown(signal);
          return;
        } catch (error) {
          if (signal?.aborted || this.#end || Date.now() >= deadline || FINAL.has(toAgoraError(error).code))
            throw error;
        }
        await this.#pause(Math.min(backoffMs(attempt, this.settings.reconnect), deadline - Date.now()));
        signal?.throwIfAborted();
      }
    } catch (error) {
      const reason = signal?.aborted ? reasonOf(signal) : (this.#end ?? this.#withWayOut(error));
      if (!this.#end) this.#move('fail', toAgoraError(reason));
      this.#rejectWaiters(toAgoraError(reason));
      throw reason;
    } finally {
      signal?.removeEventListener('abort', stopPause);
    }
  }

  /** Returns the open session, or waits for the next one. Throws a `ConnectionError` after `offlineTimeoutMs`. */
  ready(signal?: AbortSignal): Promise<Session> {
    if (signal) return untilAborted(signal, this.ready());
    if (this.#session) return Promise.resolve(this.#session);
    if (this.#end) return Promise.reject(this.#end);
    if (this.#state === 'idle') {
      return Promise.reject(new ConnectionError('client/not-connected', 'call connect() first'));
    }
    const { offlineTimeoutMs } = this.settings;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiters.delete(waiter);
        reject(this.lossAfter(offlineTimeoutMs));
      }, offlineTimeoutMs);
      const waiter = { resolve, reject, timer };
      this.#waiters.add(waiter);
    });
  }

  /** Returns the error of a caller that has waited `waitedMs` for the next session. */
  lossAfter(waitedMs: number): ConnectionError {
    const { server } = this.settings;
    return new ConnectionError(
      'connection/lost',
      `the connection to ${server.origin} was lost and was not back within ${waitedMs} ms`,
    );
  }

  /** Calls the server. A call that loses its connection is repeated on the next one, so it must be idempotent. */
  async call<T>(what: string, start: (db: DbConnection) => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (signal) return untilAborted(signal, this.call(what, start));
    for (;;) {
      const session = await this.ready();
      try {
        return await session.wait(what, this.settings.callTimeoutMs, start);
      } catch (error) {
        if (!session.isLost || this.#end) throw this.#end ?? error;
      }
    }
  }

  /** Reports an error that no call can be rejected with. */
  warn(error: AgoraError): void {
    this.#listener.warn(error);
  }

  /** Ends the connection permanently; idempotent. */
  close(error: AgoraError = new ConnectionError('client/closed', 'the client was closed')): void {
    if (this.#end) return;
    this.#end = error;
    this.#state = nextState(this.#state, 'close');
    const lost = new ConnectionError('connection/lost', error.message);
    this.#opening?.lose(lost);
    const session = this.#session;
    this.#session = undefined;
    session?.lose(lost);
    this.#wakeUp?.();
    this.#rejectWaiters(error);
    for (const report of this.#losses) report(error);
    this.#listener.changed('closed', error.code === 'client/closed' ? undefined : error);
  }

  /** Stores a token. A failure is only a warning: without the stored token the agent works until its next start. */
  async #keepToken(store: TokenStore, token: string): Promise<string> {
    try {
      return (await store.save(token)) ?? token;
    } catch (error) {
      const sentence = `the token could not be stored, so the agent has a new identity after its next start: ${textOf(error)}`;
      this.warn(new AgoraError('client/bad-option', sentence, { cause: error }));
      return token;
    }
  }

  /** Opens the first session with the token of the options or of the store, else with that of a new identity. */
  async #openKnown(signal: AbortSignal | undefined): Promise<void> {
    const { token, tokenStore } = this.settings;
    if (token !== undefined || !tokenStore) return this.#open(token, signal);
    let known = await tokenStore.load();
    for (let tries = 1; ; tries++) {
      known ??= await this.#becomeNew(tokenStore, signal);
      try {
        return await this.#open(known, signal);
      } catch (error) {
        if (toAgoraError(error).code !== 'connection/bad-token' || !tokenStore.reject || tries === MAX_TOKENS)
          throw error;
        known = await tokenStore.reject(known);
        if (known === undefined) this.#warnOfNewIdentity(error);
      }
    }
  }

  /** Stores the token before it connects: an identity that a closed hub refuses is the same one in its next attempt. */
  async #becomeNew(store: TokenStore, signal: AbortSignal | undefined): Promise<string> {
    const { server, database, connectTimeoutMs: timeoutMs } = this.settings;
    return this.#keepToken(store, await newToken({ server, database, timeoutMs, signal }));
  }

  #warnOfNewIdentity(cause: unknown): void {
    const sentence = `${textOf(cause)}. The hub at this address seems to be a new one: this client continues as a new identity, and the old token stays stored for the old hub`;
    this.warn(new AgoraError('client/new-identity', sentence, { cause }));
  }

  async #open(token: string | undefined, signal?: AbortSignal): Promise<void> {
    const session = await openSession(this.settings, token, (lost, error) => this.#lost(lost, error), signal);
    if (this.#end) {
      session.lose(new ConnectionError('connection/lost', this.#end.message));
      throw this.#end;
    }
    this.#token = session.token;
    this.#opening = session;
    try {
      await checkContractVersion(session, this.settings.server.origin, this.settings.callTimeoutMs);
      for (const opened of this.#openings) await this.#openPart(session, opened);
    } catch (error) {
      session.lose(new ConnectionError('connection/lost', textOf(error)));
      throw error;
    } finally {
      this.#opening = undefined;
    }
    // A loss or close while no call was waiting on it is reported only here.
    this.#throwIfEnded();
    if (session.isLost)
      throw new ConnectionError('connection/lost', 'the connection was lost while it was being opened');
    this.#session = session;
    this.#schedule.opened();
    this.#move('open');
    for (const waiter of this.#waiters) {
      clearTimeout(waiter.timer);
      waiter.resolve(session);
    }
    this.#waiters.clear();
  }

  #throwIfEnded(): void {
    if (this.#end) throw this.#end;
  }

  /** Adds the way out to the error of a token that is not accepted. */
  #withWayOut(thrown: unknown): AgoraError {
    const error = toAgoraError(thrown);
    if (error.code !== 'connection/bad-token') return error;
    const way =
      this.settings.token === undefined
        ? 'start again, or remove the stored token to get a new identity'
        : 'use a token of this hub, or none to get a new identity';
    return new ConnectionError(error.code, `${error.message}; ${way}`, { cause: error });
  }

  /** Runs one callback of `onOpen`. Its failure must not keep the others from running. */
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
    this.#schedule.lost();
    for (const report of this.#losses) report(error);
    this.#move('lose', error);
    void this.#reconnect(error);
  }

  /** Opens the next session; `error` is why the last one, or the last attempt, failed. */
  async #reconnect(error: AgoraError): Promise<void> {
    const { callTimeoutMs, connectTimeoutMs, giveUpAfterMs, server } = this.settings;
    // The token, the socket, the reason of a refusal, and the first calls.
    const maxAttemptMs = 3 * connectTimeoutMs + callTimeoutMs;
    while (!this.#end) {
      if (this.#schedule.isOver) {
        const sentence = `the connection to ${server.origin} was not stable again within ${giveUpAfterMs} ms: ${error.message}`;
        return this.close(new ConnectionError('connection/lost', sentence, { cause: error }));
      }
      const pauseMs = this.#schedule.nextPauseMs();
      const pausedAt = Date.now();
      await this.#pause(pauseMs);
      if (this.#end) return;
      const triedAt = Date.now();
      this.#schedule.took(triedAt - pausedAt, pauseMs);
      try {
        return await this.#open(this.#token);
      } catch (thrown) {
        this.#schedule.took(Date.now() - triedAt, maxAttemptMs);
        error = this.#withWayOut(thrown);
        if (FINAL.has(error.code)) return this.close(error);
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

  #move(trigger: ConnectionTrigger, error?: AgoraError): void {
    this.#state = nextState(this.#state, trigger);
    this.#listener.changed(this.#state, error);
  }
}
