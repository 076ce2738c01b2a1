// The WebSocket clients of one database: serves their requests in turns, and sends each client its part of every commit.
//
// A turn: sockets that are readable together are read first, then all their requests are served under one guard
// (`Database.cover`), then the answers are flushed together. A client that exceeds its share waits for the next turn.

import { setTimeout } from 'node:timers/promises';
import type { WebSocket } from 'ws';
import type { Database } from '../database.ts';
import type { CallOutcome } from '../database/outcome.ts';
import type { Commit } from '../datastore/commit.ts';
import { assert, HostError, messageOf, unreachable } from '../errors.ts';
import { createQueryBudget, type QueryLimits } from '../query/query-budget.ts';
import type { SystemVariables } from '../query/source.ts';
import { Subscriptions } from '../subscription/subscriptions.ts';
import type { CallProcedure, CallReducer, ClientMessage } from '../wire/client-message.ts';
import {
  writeInitialConnection,
  writeProcedureResult,
  writeReducerResult,
  writeSubscriptionError,
  writeTransactionUpdate,
  type QuerySetUpdateData,
  type ReducerOutcome,
} from '../wire/server-message.ts';
import { describe, type Arrival, type Client, type SharedLimits } from './client.ts';
import { Connection, type ConnectionLimits } from './connection.ts';
import { FlushScheduler } from './flush-scheduler.ts';
import { answerQuery, isQueryKind, type QueryRequest } from './query-requests.ts';

/** How long closing waits for the disk before it disconnects the clients. */
const CLOSE_FLUSH_MS = 1000;
/** Close reason when the module stops or breaks its clients. */
const MODULE_EXITED = 'module exited';
/** Close reason for clients that cannot continue after a failed write. */
const WRITE_FAILED = 'a commit could not be written to disk; connect again to read';
/** With more bytes than this waiting for the disk, no request is served. */
const BUSY_BACKLOG_BYTES = 32 * 1024 * 1024;
/** How long the requests of one client are served before other clients get their turn. */
const TURN_MS = 20;

/** A reducer call that runs. It outlives the stack: a call that the guard cuts off does not return (`Database.cover`). */
interface RunningCall {
  readonly client: Client;
  readonly requestId: number;
  /** The caller's part of the commit; it is sent inside the answer. */
  updates: readonly QuerySetUpdateData[];
}

/** Serves the WebSocket clients of one open database. */
export class Clients {
  readonly #database: Database;
  readonly #variables: SystemVariables;
  #subscriptions: Subscriptions<Client>;
  readonly #limits: ConnectionLimits & QueryLimits;
  readonly #shared: SharedLimits;
  readonly #report: (message: string) => void;
  readonly #all = new Set<Client>();
  readonly #connectionIds = new Set<bigint>();
  readonly #flushes: FlushScheduler;
  #isAwaitingDisk = false;
  /** Clients with requests for the next turn. */
  #readable = new Set<Client>();
  #runningCall: RunningCall | undefined;
  readonly #pings: NodeJS.Timeout;
  #pingedAt = performance.now();

  /** `report` is called with the reason when a client is dropped. */
  constructor(
    database: Database,
    variables: SystemVariables,
    limits: ConnectionLimits & QueryLimits,
    shared: SharedLimits,
    report: (message: string) => void,
  ) {
    this.#shared = shared;
    this.#database = database;
    this.#variables = variables;
    this.#subscriptions = new Subscriptions(database, variables);
    this.#limits = limits;
    this.#flushes = new FlushScheduler(database, error => this.#lose(error));
    this.#report = report;
    database.onCommit = commit => this.#publish(commit);
    database.onWriteFailed = error => this.#becomeReadOnly(error);
    database.onReplaced = ({ breaksClients }) => this.#replaceSubscriptions(breaksClients);
    this.#pings = setInterval(() => this.#ping(), limits.pingEveryMs).unref();
  }

  /** Number of connected clients. */
  get count(): number {
    return this.#all.size;
  }

  /** Number of clients dropped since the database was opened. */
  dropped = 0;
  /** Number of reducer calls by outcome. */
  readonly calls = new Map<CallOutcome['kind'], number>();

  /** Returns true if a client uses this connection id; no other client may call with it. */
  isConnected(connectionId: bigint): boolean {
    return this.#connectionIds.has(connectionId);
  }

  /** Adds a client unless the module refuses it; returns true if it was added. */
  accept(socket: WebSocket, arrival: Arrival): boolean {
    const { caller, token, protocol, isConfirmed } = arrival;
    const connected = this.#database.connect(caller);
    if (connected.kind !== 'committed') return false;
    const connection = new Connection(
      socket,
      protocol,
      {
        onReadable: () => this.#awaitTurn(client),
        onQueued: () => this.#flushes.add(connection),
        onClosed: reason => this.#leave(client, reason),
      },
      this.#limits,
      this.#shared,
    );
    const { identity } = caller;
    const client: Client = {
      identity,
      caller,
      connection,
      isConfirmed,
      querySets: new Map(),
      queryCount: 0,
      cancelWait: undefined,
    };
    this.#all.add(client);
    this.#connectionIds.add(caller.connectionId);
    writeInitialConnection(connection.writer, {
      identity: caller.identity,
      connectionId: caller.connectionId,
      token,
    });
    this.#seal(client);
    return true;
  }

  /** Closes all clients after flushing the durable commits. The database must be open. */
  async close(): Promise<void> {
    clearInterval(this.#pings);
    const { commitNumber } = this.#database.datastore;
    const isDurable = this.#database.whenDurable(commitNumber).catch(() => undefined);
    await Promise.race([isDurable, setTimeout(CLOSE_FLUSH_MS, undefined, { ref: false })]);
    for (const { connection } of this.#all) connection.flush(this.#database.durable);
    this.#closeAll(MODULE_EXITED);
  }

  #closeAll(reason: string): void {
    for (const client of this.#all) {
      this.#leave(client, undefined);
      client.connection.close(1001, reason);
    }
  }

  /** Serves a client in the next turn. */
  #awaitTurn(client: Client): void {
    this.#readable.add(client);
    if (this.#readable.size === 1) setImmediate(() => this.#turn());
  }

  /** Serves all readable clients under one guard: a guard for each call would cost more than the call. */
  #turn(): void {
    const clients = [...this.#readable];
    if (clients.length === 0) return;
    this.#readable = new Set();
    let next = 0;
    this.#database.cover(
      () => {
        for (; next < clients.length; next++) {
          const client = clients[next];
          if (client) this.#serve(client);
        }
      },
      outcome => this.#endCall(outcome),
    );
    this.#flushes.flush();
  }

  /** Serves the waiting requests of a client in one go, so that their commits are written to disk together. */
  #serve(client: Client): void {
    const { connection } = client;
    const until = performance.now() + TURN_MS;
    while (connection.hasRequest && this.#hasDiskRoom()) {
      if (performance.now() > until) {
        this.#awaitTurn(client);
        return;
      }
      if (this.#mustWait(client)) {
        this.#awaitPacer(client);
        return;
      }
      const request = connection.takeRequest();
      try {
        this.#answer(client, request);
      } catch (error) {
        this.#report(`a request failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
        connection.close(1011, messageOf(error));
      }
    }
  }

  /** Returns true if the next request is a query, and queries have used up their share of the time. */
  #mustWait({ connection, identity }: Client): boolean {
    return isQueryKind(connection.nextKind) && identity !== this.#database.owner && this.#shared.pacer.isBusy;
  }

  #awaitPacer(client: Client): void {
    client.cancelWait ??= this.#shared.pacer.whenFree(() => {
      client.cancelWait = undefined;
      this.#readable.add(client);
      this.#turn();
    });
  }

  #answer(client: Client, message: ClientMessage): void {
    switch (message.kind) {
      case 'call-reducer':
        this.#callReducer(client, message);
        return;
      case 'call-procedure':
        this.#callProcedure(client, message);
        return;
      case 'subscribe':
      case 'unsubscribe':
      case 'one-off-query':
        this.#answerQuery(client, message);
        return;
      default:
        unreachable(message);
    }
  }

  #answerQuery(client: Client, message: QueryRequest): void {
    const isOwner = client.identity === this.#database.owner;
    const answer = () => {
      const budget = createQueryBudget(isOwner, this.#limits);
      answerQuery(this.#subscriptions, client, message, this.#limits, budget);
    };
    if (isOwner) answer();
    else this.#shared.pacer.measure(answer);
    this.#seal(client);
  }

  #callReducer(client: Client, { requestId, name, args }: CallReducer): void {
    assert(this.#runningCall === undefined, 'one reducer runs at a time');
    this.#runningCall = { client, requestId, updates: [] };
    let outcome: CallOutcome;
    try {
      outcome = this.#database.callCovered(name, args, client.caller);
    } catch (error) {
      this.#runningCall = undefined;
      throw error;
    }
    this.#endCall(outcome);
  }

  /** Answers the running call, whether it returned or was cut off. */
  #endCall(outcome: CallOutcome): void {
    const call = this.#runningCall;
    assert(call, 'a reducer was running');
    this.#runningCall = undefined;
    this.calls.set(outcome.kind, (this.calls.get(outcome.kind) ?? 0) + 1);
    const { writer } = call.client.connection;
    writeReducerResult(writer, call.requestId, outcome.timestamp, toReducerOutcome(outcome, call.updates));
    this.#seal(call.client);
  }

  #callProcedure(client: Client, { requestId, name, args }: CallProcedure): void {
    const outcome = this.#database.runProcedure(name, args, client.caller);
    writeProcedureResult(client.connection.writer, requestId, outcome.timestamp, outcome.durationMicros, outcome);
    this.#seal(client);
  }

  /** Sends a commit to its subscribers as an update; the caller of its reducer gets it inside the answer. */
  #publish(commit: Commit): void {
    const call = this.#runningCall;
    // A client that misses an update would keep wrong rows. It reads everything when it connects again.
    const drop = ({ connection }: Client, cause: unknown) =>
      connection.drop(`its update for the commit ${commit.number} failed: ${messageOf(cause)}`);
    for (const [client, updates] of this.#subscriptions.publish(commit, drop)) {
      if (call?.client === client) {
        call.updates = updates;
        continue;
      }
      try {
        writeTransactionUpdate(client.connection.writer, updates);
        this.#seal(client);
      } catch (cause) {
        drop(client, cause);
      }
    }
  }

  /** Subscribes all clients to the tables of a new module, or closes them if it breaks clients. */
  #replaceSubscriptions(breaksClients: boolean): void {
    const previous = this.#subscriptions;
    this.#subscriptions = new Subscriptions(this.#database, this.#variables);
    if (breaksClients) {
      this.#closeAll(MODULE_EXITED);
      return;
    }
    for (const client of this.#all) {
      const updates = this.#resume(client, previous);
      if (updates.length === 0) continue;
      writeTransactionUpdate(client.connection.writer, updates);
      this.#seal(client);
    }
  }

  /** Continues the subscriptions of a client; returns how its rows of views have changed by that. */
  #resume(client: Client, previous: Subscriptions<Client> | undefined): QuerySetUpdateData[] {
    const updates: QuerySetUpdateData[] = [];
    for (const [querySetId, queries] of client.querySets) {
      const result = this.#subscriptions.resume(client, querySetId, queries, previous);
      if ('update' in result) {
        if (result.update) updates.push(result.update);
        continue;
      }
      client.queryCount -= queries.length;
      client.querySets.delete(querySetId);
      writeSubscriptionError(client.connection.writer, undefined, querySetId, result.error);
      this.#seal(client);
    }
    return updates;
  }

  /** Ends a message. Its content may depend on every commit so far, so it waits for the last of them. */
  #seal({ connection, isConfirmed }: Client): void {
    connection.seal(isConfirmed ? this.#database.datastore.commitNumber : 0);
  }

  /** Returns true if the disk keeps up; if not, all clients get a turn when it has caught up. */
  #hasDiskRoom(): boolean {
    if (this.#database.backlogBytes < BUSY_BACKLOG_BYTES) return true;
    if (!this.#isAwaitingDisk) void this.#awaitDisk();
    return false;
  }

  async #awaitDisk(): Promise<void> {
    this.#isAwaitingDisk = true;
    await this.#database.whenRoom();
    this.#isAwaitingDisk = false;
    for (const client of this.#all) this.#awaitTurn(client);
  }

  /**
   * Continues after a failed write, which undid the commits that were not durable. Clients that received exactly the
   * durable commits stay and continue to read; the others, and those that wait for an answer, must connect again.
   */
  #becomeReadOnly(error: HostError): void {
    this.#report(error.message);
    this.#subscriptions = new Subscriptions(this.#database, this.#variables);
    for (const client of this.#all) {
      // Clients that stay had received exactly the rows that remain.
      this.#resume(client, undefined);
      client.connection.flush(this.#database.durable);
      if (client.isConfirmed && !client.connection.isWaiting) continue;
      this.#leave(client, undefined);
      client.connection.close(1011, WRITE_FAILED);
    }
  }

  /** Closes all clients when no commit can be confirmed any more, so that none waits forever. */
  #lose(error: unknown): void {
    if (error instanceof HostError && error.code === 'storage/write-failed') return;
    const reason = `commits can no longer be written: ${messageOf(error)}`;
    this.#report(reason);
    for (const { connection } of this.#all) connection.close(1011, reason);
  }

  #leave(client: Client, reason: string | undefined): void {
    if (!this.#all.delete(client)) return;
    this.#connectionIds.delete(client.caller.connectionId);
    this.#flushes.remove(client.connection);
    this.#readable.delete(client);
    client.cancelWait?.();
    this.#subscriptions.removeClient(client);
    if (reason !== undefined) this.dropped++;
    if (reason !== undefined) this.#report(`${describe(client.caller)} was dropped: ${reason}`);
    this.#database.disconnect(client.caller);
  }

  #ping(): void {
    const now = performance.now();
    const isLate = now - this.#pingedAt > 2 * this.#limits.pingEveryMs;
    this.#pingedAt = now;
    // After a pause of the whole process no client was silent: its messages have not been read yet.
    if (!isLate) for (const { connection } of this.#all) connection.check();
  }
}

function toReducerOutcome(outcome: CallOutcome, updates: readonly QuerySetUpdateData[]): ReducerOutcome {
  switch (outcome.kind) {
    case 'committed':
      return { kind: 'ok', updates };
    case 'failed':
      return { kind: 'error', message: outcome.message };
    default:
      return { kind: 'internal-error', message: outcome.message };
  }
}
