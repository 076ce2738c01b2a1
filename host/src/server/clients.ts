// The clients of one database: serves their requests, and tells each what a commit means to it.

import { setTimeout } from 'node:timers/promises';
import type { WebSocket } from 'ws';
import type { Database } from '../database.ts';
import type { CallOutcome, Caller } from '../database/outcome.ts';
import type { Commit } from '../datastore/commit.ts';
import { assert, HostError, messageOf, unreachable } from '../errors.ts';
import type { SystemVariables } from '../query/source.ts';
import { connectionIdToHex, identityToHex } from '../sats/hex.ts';
import { Subscriptions, type Subscriber } from '../subscription/subscriptions.ts';
import type { CallProcedure, CallReducer, ClientMessage } from '../wire/client-message.ts';
import type { Protocol } from '../wire/frame.ts';
import {
  writeInitialConnection,
  writeOneOffQueryResult,
  writeProcedureResult,
  writeReducerResult,
  writeSubscribeApplied,
  writeSubscriptionError,
  writeTransactionUpdate,
  writeUnsubscribeApplied,
  type QuerySetUpdateData,
  type ReducerOutcome,
} from '../wire/server-message.ts';
import { Connection, type ConnectionLimits } from './connection.ts';
import { FlushScheduler } from './flush-scheduler.ts';

/** How long clients may wait for the disk when the host closes. */
const GOODBYE_MS = 1000;
/** What clients read when their module goes. */
const GOODBYE = 'module exited';
/** What clients read that cannot go on when writing has failed. */
const UNWRITTEN = 'a commit could not be written to disk; connect again to read';
/** With this much waiting for the disk, no more requests are served. */
const BUSY_BACKLOG_BYTES = 32 * 1024 * 1024;

/** Who opens a connection, and how it wants to be spoken to. */
export interface Arrival {
  readonly caller: Caller & { readonly connectionId: bigint };
  readonly token: string;
  readonly protocol: Protocol;
  /** Whether it hears of a commit only when that is durable. */
  readonly isConfirmed: boolean;
}

interface Client extends Subscriber {
  readonly caller: Arrival['caller'];
  readonly connection: Connection;
  readonly isConfirmed: boolean;
  /** What it watches, to be asked again of the tables of a new module. */
  readonly querySets: Map<number, readonly string[]>;
  /** Queries of all its query sets. */
  queryCount: number;
}

/** Serves WebSocket clients of a database; there is one for each open database. */
export class Clients {
  readonly #database: Database;
  readonly #variables: SystemVariables;
  #subscriptions: Subscriptions<Client>;
  readonly #limits: ConnectionLimits;
  readonly #report: (message: string) => void;
  readonly #all = new Set<Client>();
  readonly #connectionIds = new Set<bigint>();
  readonly #flushes: FlushScheduler;
  #isAwaitingRoom = false;
  /** Connections with requests that wait for the next turn. */
  #readable = new Set<Connection>();
  /** The client whose reducer runs, its request, and what its commit changed for it: that goes into its answer. */
  #calling: Client | undefined;
  #callingRequest = 0;
  #ownUpdates: readonly QuerySetUpdateData[] = [];
  readonly #pings: NodeJS.Timeout;
  #pingedAt = performance.now();

  /** `report` hears why a client was dropped. */
  constructor(
    database: Database,
    variables: SystemVariables,
    limits: ConnectionLimits,
    report: (message: string) => void,
  ) {
    this.#database = database;
    this.#variables = variables;
    this.#subscriptions = new Subscriptions(database, variables);
    this.#limits = limits;
    this.#flushes = new FlushScheduler(database, error => this.#lose(error));
    this.#report = report;
    database.onCommit = commit => this.#publish(commit);
    database.onWriteFailed = error => this.#readOnly(error);
    database.onReplaced = ({ breaksClients }) => this.#watchAnew(breaksClients);
    this.#pings = setInterval(() => this.#ping(), limits.pingEveryMs).unref();
  }

  /** How many are connected. */
  get count(): number {
    return this.#all.size;
  }

  /** Clients that were dropped, since the database was opened. */
  dropped = 0;
  /** Reducer calls by how they ended. */
  readonly calls = new Map<CallOutcome['kind'], number>();

  /** Whether a connection id is taken: nobody may call as somebody else's connection. */
  isConnected(connectionId: bigint): boolean {
    return this.#connectionIds.has(connectionId);
  }

  /** Takes a client in, if the module does not refuse it; says whether it did. */
  welcome(socket: WebSocket, arrival: Arrival): boolean {
    const { caller, token, protocol, isConfirmed } = arrival;
    const connected = this.#database.connect(caller);
    if (connected.kind !== 'committed') return false;
    const connection = new Connection(
      socket,
      protocol,
      {
        onReadable: () => this.#awaitTurn(connection),
        onMessage: message => this.#serve(client, message),
        hasRoom: () => this.#hasRoom(),
        onQueued: () => this.#flushes.add(connection),
        onClosed: reason => this.#leave(client, reason),
      },
      this.#limits,
    );
    const { identity } = caller;
    const client: Client = { identity, caller, connection, isConfirmed, querySets: new Map(), queryCount: 0 };
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

  /** Sends everybody away when they have heard what they still may. The database must be open. */
  async close(): Promise<void> {
    clearInterval(this.#pings);
    const { commitNumber } = this.#database.datastore;
    const isDurable = this.#database.whenDurable(commitNumber).catch(() => undefined);
    await Promise.race([isDurable, setTimeout(GOODBYE_MS, undefined, { ref: false })]);
    for (const { connection } of this.#all) connection.flush(this.#database.durable);
    this.#dismiss(GOODBYE);
  }

  #dismiss(reason: string): void {
    for (const client of this.#all) {
      this.#leave(client, undefined);
      client.connection.close(1001, reason);
    }
  }

  /** Serves a connection when all sockets that are readable now have been read. */
  #awaitTurn(connection: Connection): void {
    this.#readable.add(connection);
    if (this.#readable.size === 1) setImmediate(() => this.#turn());
  }

  /** Serves all who wait under one guard (see `Database.cover`): a guard for each call would cost more than the call. */
  #turn(): void {
    const connections = [...this.#readable];
    if (connections.length === 0) return;
    this.#readable = new Set();
    let next = 0;
    this.#database.cover(
      () => {
        for (; next < connections.length; next++) connections[next]?.serve();
      },
      outcome => this.#answerCall(outcome),
    );
    this.#flushes.flush();
  }

  #serve(client: Client, message: ClientMessage): void {
    try {
      this.#answer(client, message);
    } catch (error) {
      this.#report(`a request failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      client.connection.close(1011, messageOf(error));
    }
  }

  #answer(client: Client, message: ClientMessage): void {
    const { requestId } = message;
    switch (message.kind) {
      case 'call-reducer':
        this.#callReducer(client, message);
        return;
      case 'call-procedure':
        this.#callProcedure(client, message);
        return;
      case 'subscribe': {
        const { querySetId } = message;
        const error = this.#faultOfSubscribe(client, message.queries.length);
        const result =
          error === undefined ? this.#subscriptions.subscribe(client, querySetId, message.queries) : { error };
        const { writer } = client.connection;
        if ('rows' in result) {
          client.querySets.set(querySetId, message.queries);
          client.queryCount += message.queries.length;
          writeSubscribeApplied(writer, requestId, querySetId, result.rows);
        } else writeSubscriptionError(writer, requestId, querySetId, result.error);
        break;
      }
      case 'unsubscribe': {
        const { querySetId } = message;
        const result = this.#subscriptions.unsubscribe(client, querySetId, message.wantsRows);
        const { writer } = client.connection;
        if ('rows' in result) {
          client.queryCount -= client.querySets.get(querySetId)?.length ?? 0;
          client.querySets.delete(querySetId);
          writeUnsubscribeApplied(writer, requestId, querySetId, result.rows);
        } else writeSubscriptionError(writer, requestId, querySetId, result.error);
        break;
      }
      case 'one-off-query':
        writeOneOffQueryResult(client.connection.writer, requestId, this.#subscriptions.oneOff(client, message.query));
        break;
      default:
        unreachable(message);
    }
    this.#seal(client);
  }

  /** Why a client may not watch more. */
  #faultOfSubscribe({ querySets, queryCount }: Client, more: number): string | undefined {
    const { maxQuerySets, maxQueries } = this.#limits;
    if (querySets.size >= maxQuerySets) return `a connection may have ${maxQuerySets} query sets; unsubscribe one`;
    if (queryCount + more > maxQueries) return `a connection may have ${maxQueries} queries; unsubscribe some`;
    return undefined;
  }

  #callReducer(client: Client, { requestId, name, args }: CallReducer): void {
    assert(this.#calling === undefined, 'one reducer runs at a time');
    this.#calling = client;
    this.#callingRequest = requestId;
    this.#ownUpdates = [];
    let outcome: CallOutcome;
    try {
      outcome = this.#database.callCovered(name, args, client.caller);
    } catch (error) {
      this.#calling = undefined;
      throw error;
    }
    this.#answerCall(outcome);
  }

  /** Answers the call that was running. */
  #answerCall(outcome: CallOutcome): void {
    const client = this.#calling;
    assert(client, 'a reducer was running');
    this.#calling = undefined;
    this.calls.set(outcome.kind, (this.calls.get(outcome.kind) ?? 0) + 1);
    const answer = toReducerOutcome(outcome, this.#ownUpdates);
    writeReducerResult(client.connection.writer, this.#callingRequest, outcome.timestamp, answer);
    this.#seal(client);
  }

  #callProcedure(client: Client, { requestId, name, args }: CallProcedure): void {
    const outcome = this.#database.runProcedure(name, args, client.caller);
    writeProcedureResult(client.connection.writer, requestId, outcome.timestamp, outcome.durationMicros, outcome);
    this.#seal(client);
  }

  /** A commit reaches its reducer's caller inside the answer, and everybody else as an update. */
  #publish(commit: Commit): void {
    for (const [client, updates] of this.#subscriptions.publish(commit)) {
      if (client === this.#calling) this.#ownUpdates = updates;
      else {
        writeTransactionUpdate(client.connection.writer, updates);
        this.#seal(client);
      }
    }
  }

  /** The module was replaced: clients that know its schema go, those that do not mind watch its tables. */
  #watchAnew(breaksClients: boolean): void {
    this.#subscriptions = new Subscriptions(this.#database, this.#variables);
    if (breaksClients) {
      this.#dismiss(GOODBYE);
      return;
    }
    for (const client of this.#all) this.#watchAgain(client);
  }

  /** Goes on with the queries of a client that knows their rows. */
  #watchAgain(client: Client): void {
    for (const [querySetId, queries] of client.querySets) {
      const result = this.#subscriptions.subscribe(client, querySetId, queries);
      if ('rows' in result) continue;
      client.queryCount -= queries.length;
      client.querySets.delete(querySetId);
      writeSubscriptionError(client.connection.writer, undefined, querySetId, result.error);
      this.#seal(client);
    }
  }

  /** Ends a message. It may speak of every commit so far, so it waits for the last of them. */
  #seal({ connection, isConfirmed }: Client): void {
    connection.seal(isConfirmed ? this.#database.datastore.commitNumber : 0);
  }

  /** More calls are taken in when the disk has caught up. */
  #hasRoom(): boolean {
    if (this.#database.backlogBytes < BUSY_BACKLOG_BYTES) return true;
    if (!this.#isAwaitingRoom) void this.#awaitRoom();
    return false;
  }

  async #awaitRoom(): Promise<void> {
    this.#isAwaitingRoom = true;
    await this.#database.whenRoom();
    this.#isAwaitingRoom = false;
    for (const { connection } of this.#all) this.#awaitTurn(connection);
  }

  /**
   * Nothing more can be written, and what was not durable is gone. Clients that have heard exactly what is durable stay and
   * go on reading; the others, and all that wait for an answer, must begin anew.
   */
  #readOnly(error: HostError): void {
    this.#report(error.message);
    this.#subscriptions = new Subscriptions(this.#database, this.#variables);
    for (const client of this.#all) {
      this.#watchAgain(client);
      client.connection.flush(this.#database.durable);
      if (client.isConfirmed && !client.connection.isWaiting) continue;
      this.#leave(client, undefined);
      client.connection.close(1011, UNWRITTEN);
    }
  }

  /** Nothing more can be confirmed: whoever waits must not wait for ever. */
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
    this.#readable.delete(client.connection);
    this.#subscriptions.removeClient(client);
    if (reason !== undefined) this.dropped++;
    if (reason !== undefined) this.#report(`${describe(client.caller)} was dropped: ${reason}`);
    this.#database.disconnect(client.caller);
  }

  #ping(): void {
    const now = performance.now();
    const isLate = now - this.#pingedAt > 2 * this.#limits.pingEveryMs;
    this.#pingedAt = now;
    // After a pause of the whole process nobody was silent: what they said has not been read yet.
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

function describe({ identity, connectionId }: Arrival['caller']): string {
  return `client ${identityToHex(identity)}, connection ${connectionIdToHex(connectionId)}`;
}
