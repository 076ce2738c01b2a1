// The connection of a client over its whole life: opened, lost, found again, closed.
//
// I1  At most one session is open; `ready` gives it, or waits for it no longer than the patience of the client.
// I2  What followed the database before a loss (`onOpen`) follows it again before anybody is given the new session.
// I3  Nothing waits after `close`.

import type { DbConnection } from '@agora/bindings';
import { backoffMs } from '../base/backoff.ts';
import { AgoraError, ConnectionError, textOf, toAgoraError } from '../base/errors.ts';
import { reasonOf, untilAborted, type Waiting } from '../base/time.ts';
import type { Settings } from './settings.ts';
import { openSession, type Session } from './session.ts';
import { newToken } from './admission.ts';
import type { TokenStore } from './token-store.ts';

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

/** How a connection is opened for the first time. */
export interface ConnectOptions extends Waiting {
  /** How long to go on trying while no hub answers; by default not at all. */
  readonly retryForMs?: number | undefined;
}

/** More tokens than this are not tried. */
const MOST_TOKENS = 10;

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
  async connect({ signal, retryForMs = 0 }: ConnectOptions = {}): Promise<void> {
    signal?.throwIfAborted();
    if (this.#end) throw this.#end;
    if (this.#state !== 'idle') {
      await this.ready(signal);
      return;
    }
    this.#become('connecting');
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
      if (!this.#end) this.#become('idle', toAgoraError(reason));
      this.#rejectWaiters(toAgoraError(reason));
      throw reason;
    } finally {
      signal?.removeEventListener('abort', stopPause);
    }
  }

  /** The open session; while it is lost, waits for it. Throws a `ConnectionError` when it does not come back in time. */
  ready(signal?: AbortSignal): Promise<Session> {
    if (signal) return untilAborted(signal, this.ready());
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
  async #keepToken(store: TokenStore, token: string): Promise<string> {
    try {
      return (await store.save(token)) ?? token;
    } catch (error) {
      const sentence = `the token could not be kept, so the agent is a stranger after its next start: ${textOf(error)}`;
      this.warn(new AgoraError('client/bad-option', sentence, { cause: error }));
      return token;
    }
  }

  /** Opens the first session, as whom the options or the store say; else as a new identity, which the store keeps. */
  async #openKnown(signal: AbortSignal | undefined): Promise<void> {
    const { token, tokenStore } = this.settings;
    if (token !== undefined || !tokenStore) return this.#open(token, signal);
    let known = await tokenStore.load();
    for (let tries = 1; ; tries++) {
      known ??= await this.#becomeNew(tokenStore, signal);
      try {
        return await this.#open(known, signal);
      } catch (error) {
        if (toAgoraError(error).code !== 'connection/bad-token' || !tokenStore.reject || tries === MOST_TOKENS)
          throw error;
        known = await tokenStore.reject(known);
        if (known === undefined) this.#warnOfNewIdentity(error);
      }
    }
  }

  /** The token comes before the connection: whom a closed hub does not let in is the same one when it asks again. */
  async #becomeNew(store: TokenStore, signal: AbortSignal | undefined): Promise<string> {
    const { server, database, connectTimeoutMs: timeoutMs } = this.settings;
    return this.#keepToken(store, await newToken({ server, database, timeoutMs, signal }));
  }

  #warnOfNewIdentity(cause: unknown): void {
    const sentence = `${textOf(cause)}. The hub at this address seems to be a new one: this client goes on as a new identity, and the old token is kept in case that hub comes back`;
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
      for (const opened of this.#openings) await this.#openPart(session, opened);
    } finally {
      this.#opening = undefined;
    }
    // Lost or closed while nobody waited on it: nobody else will say so.
    this.#throwIfEnded();
    if (session.isLost) throw new ConnectionError('connection/lost', 'the connection was lost as it was opened');
    this.#session = session;
    this.#become('connected');
    for (const waiter of this.#waiters) {
      clearTimeout(waiter.timer);
      waiter.resolve(session);
    }
    this.#waiters.clear();
  }

  #throwIfEnded(): void {
    if (this.#end) throw this.#end;
  }

  /** Says what can be done about a token that is not accepted. */
  #withWayOut(thrown: unknown): AgoraError {
    const error = toAgoraError(thrown);
    if (error.code !== 'connection/bad-token') return error;
    const way =
      this.settings.token === undefined
        ? 'start again, or remove the kept token to be a new identity'
        : 'give one of this hub, or none to be a new identity';
    return new ConnectionError(error.code, `${error.message}; ${way}`, { cause: error });
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
      await this.#pause(backoffMs(attempt, this.settings.reconnect));
      if (this.#end) return;
      try {
        await this.#open(this.#token);
        return;
      } catch (error) {
        const reason = this.#withWayOut(error);
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
