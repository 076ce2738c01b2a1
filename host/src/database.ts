// One database: a module, its rows, and the one road on which anything becomes visible.

import { answerOf, findHandler, noHandler, requestFor, type RequestHeaders } from './database/handlers.ts';
import { faultOfArgs, Functions, lifecycleRefusal, type Callable } from './database/functions.ts';
import { ModuleLog } from './database/module-log.ts';
import {
  FATAL_ERROR,
  type CallOutcome,
  type Caller,
  type HttpAnswer,
  type NotCommitted,
  type ProcedureOutcome,
  type UpdateOutcome,
} from './database/outcome.ts';
import { loadProgram, type Program } from './database/program.ts';
import { Schedules, type Firing } from './database/schedules.ts';
import { planUpdate } from './database/update-plan.ts';
import { ViewFailure, Views } from './database/views.ts';
import type { Commit } from './datastore/commit.ts';
import { Datastore } from './datastore/datastore.ts';
import type { Table } from './datastore/table.ts';
import type { Transaction } from './datastore/transaction.ts';
import { assert, HostError, messageOf } from './errors.ts';
import { fetchAndWait, type Activation, type GuestHooks, type Thrown, type TransactionControl } from './guest/index.ts';
import type { Lifecycle, ModuleDef, ProcedureDef, ReducerDef, ViewDef } from './schema/definition.ts';
import type { RawModule } from './schema/index.ts';
import type { CommitExtra, Storage, StoredState } from './storage/storage.ts';
import type { World } from './world.ts';

export type { CallOutcome, Caller, HttpAnswer, ProcedureOutcome, UpdateOutcome } from './database/outcome.ts';

/** What storage keeps the program under. */
const PROGRAM = 'program';

/** Later than this, a timed row is mentioned in the log. */
const LATE_MICROS = 30_000n;

/** Reducers that wait to run at once; more are refused. */
const MAX_IMMEDIATE = 16_384;

const NO_ARGS = new Uint8Array(0);

export interface DatabaseOptions {
  /** The database closes it. */
  readonly storage: Storage;
  readonly world: World;
  readonly identity: bigint;
  readonly owner: bigint;
  /** The module; needed when storage holds none yet. */
  readonly bundle?: Uint8Array;
  /**
   * Whether the module is one of the operator's own. Then the log says where in it an error of the engine happened, which
   * a hostile module could abuse to leave its realm.
   */
  readonly trustsModule?: boolean;
}

/** A running database. Everything in it happens on one thread, one transaction at a time. */
export class Database {
  readonly identity: bigint;
  readonly owner: bigint;
  readonly log: ModuleLog;
  readonly #trustsModule: boolean;
  readonly #storage: Storage;
  readonly #world: World;
  readonly #clients = new Map<bigint, Caller>();
  readonly #schedules: Schedules;
  readonly #views: Views;
  #program: Program;
  #functions: Functions;
  #datastore: Datastore;
  #immediate = 0;
  #isClosed = false;

  /** Hears of every commit that changed something, in order, before anything else happens. */
  onCommit: (commit: Commit, origin: Caller | undefined) => void = () => {};
  /** Hears that the module was replaced, and with it every table: whoever holds one must ask anew. */
  onReplaced: (outcome: UpdateOutcome) => void = () => {};

  /**
   * Opens a database. A new one runs `init` and throws `publish/init-failed` if that fails, having stored nothing. One that
   * storage knows is as it was; clients that were connected when the process ended are disconnected first.
   */
  static async open(options: DatabaseOptions): Promise<Database> {
    const { storage } = options;
    const kept = storage.getMeta(PROGRAM);
    const bytes = kept ?? options.bundle;
    if (!bytes) throw new HostError('guest/invalid', 'there is no module to run');
    const state = storage.load();
    const database = new Database(options, bytes);
    if (kept) database.#restore(state);
    else database.#initialise();
    await storage.whenDurable(database.#datastore.commitNumber);
    database.#schedules.start();
    return database;
  }

  private constructor(options: DatabaseOptions, bytes: Uint8Array) {
    const { storage, world, identity, owner, trustsModule = false } = options;
    this.#trustsModule = trustsModule;
    this.identity = identity;
    this.owner = owner;
    this.#storage = storage;
    this.#world = world;
    this.log = new ModuleLog(() => world.now());
    this.#schedules = new Schedules(world, firing => this.#fire(firing));
    this.#program = loadProgram(bytes, this.#guestHooks());
    this.#functions = new Functions(this.#program.def);
    this.#datastore = new Datastore(this.#program.def);
    this.#program.guest.attach(this.#datastore);
    this.#views = new Views(this.#datastore, {
      world,
      call: (view, sender, activation) => this.#program.guest.callView(view.id, sender, activation),
      failed: failure => this.#logViewFailure(failure),
    });
  }

  get def(): ModuleDef {
    return this.#program.def;
  }
  get raw(): RawModule {
    return this.#program.raw;
  }
  /** What the module's `__describe_module__` returned. */
  get rawDescription(): Uint8Array {
    return this.#program.description;
  }
  /** The bundle. */
  get programBytes(): Uint8Array {
    return this.#program.bytes;
  }
  get datastore(): Datastore {
    return this.#datastore;
  }
  /** Every commit up to this number is on disk. */
  get durable(): number {
    return this.#storage.durable;
  }
  whenDurable(commitNumber: number): Promise<void> {
    return this.#storage.whenDurable(commitNumber);
  }
  /** Bytes that wait for the disk; see `whenRoom`. */
  get backlogBytes(): number {
    return this.#storage.backlogBytes;
  }
  /** Resolves when the disk has caught up enough to take in more calls. */
  whenRoom(): Promise<void> {
    return this.#storage.whenRoom();
  }

  // ── Calls ──

  /** Runs a reducer, by its canonical name, to its end: all it wrote becomes visible at once, or none of it does. */
  call(name: string, args: Uint8Array, caller: Caller): CallOutcome {
    const timestamp = this.#world.now();
    const reducer = this.#functions.reducer(name);
    if (reducer?.def.lifecycle) {
      return { kind: 'lifecycle', message: lifecycleRefusal(reducer.def.lifecycle), timestamp };
    }
    if (!reducer || (reducer.def.isPrivate && caller.identity !== this.owner)) {
      return { kind: 'no-such-reducer', message: 'no such reducer', timestamp };
    }
    const fault = faultOfArgs('reducer', reducer, args);
    if (fault !== undefined) return { kind: 'bad-args', message: fault, timestamp };
    return this.#runReducer(reducer, caller, timestamp, args, caller);
  }

  /** Runs a procedure, by its canonical name. What its transactions changed is announced before it returns. */
  runProcedure(name: string, args: Uint8Array, caller: Caller): ProcedureOutcome {
    const procedure = this.#functions.procedure(name);
    if (!procedure || (procedure.def.isPrivate && caller.identity !== this.owner)) {
      return failedProcedure('No such procedure');
    }
    const fault = faultOfArgs('procedure', procedure, args);
    if (fault !== undefined) return failedProcedure(fault);
    return this.#runProcedure(procedure, caller, this.#world.now(), args);
  }

  /** Lets the module answer an HTTP request. `path` is what follows `/route`, `url` the absolute URL. */
  handleHttp(method: string, path: string, url: string, headers: RequestHeaders, body: Uint8Array): HttpAnswer {
    const handler = findHandler(this.def, method, path);
    if (!handler) return noHandler();
    const ran = this.#runOpen(handler.name, activation =>
      this.#program.guest.callHandler(
        handler.id,
        this.#world.now(),
        requestFor(method, url, headers),
        body,
        activation,
      ),
    );
    if (ran.kind === 'threw') this.#logThrown(handler.name, ran.thrown);
    return answerOf(ran);
  }

  /** Takes a client in, unless the module refuses. Its connection id must be known. */
  connect(caller: Caller): CallOutcome {
    const { identity, connectionId, claims } = caller;
    assert(connectionId !== undefined, 'a client has a connection id');
    this.#clients.set(connectionId, caller);
    const outcome = this.#runLifecycle('onConnect', caller, { connected: { identity, connectionId, claims } });
    if (outcome.kind !== 'committed') this.#clients.delete(connectionId);
    return outcome;
  }

  /** Lets a client go; harmless for one that is gone. */
  disconnect(caller: Caller): void {
    const { connectionId } = caller;
    if (connectionId === undefined || !this.#clients.has(connectionId)) return;
    if (this.#isClosed || this.#storage.refusal) return;
    const extra: CommitExtra = { disconnected: connectionId };
    const outcome = this.#runLifecycle('onDisconnect', caller, extra);
    if (outcome.kind !== 'committed') {
      this.log.addSystem('Error', `client_disconnected failed: ${outcome.message}`);
      this.#storage.append(this.#datastore.begin().commit(), extra);
    }
    this.#clients.delete(connectionId);
  }

  /** Writes rows without a reducer, by the same road. What `work` throws is thrown on, with nothing changed. */
  write<T>(caller: Caller, work: (tx: Transaction) => T): { outcome: CallOutcome; value: T | undefined } {
    const timestamp = this.#world.now();
    const refusal = this.#refusal(timestamp);
    if (refusal) return { outcome: refusal, value: undefined };
    const startedAt = this.#world.monotonic();
    const tx = this.#datastore.begin();
    try {
      const value = work(tx);
      return { outcome: this.#finish(tx, timestamp, startedAt, caller), value };
    } finally {
      tx.rollback();
    }
  }

  // ── Views ──

  /** The rows of a view as an identity sees them. A view that throws has none. */
  viewTable(view: ViewDef, caller: bigint): Table {
    const known = this.#views.find(view, caller);
    if (known) return known;
    const tx = this.#datastore.begin();
    try {
      const table = this.#views.materialise(view, caller, tx);
      this.#keep(tx.commit());
      return table;
    } finally {
      tx.rollback();
    }
  }
  /** Keeps a view up to date until it is released as often as it was retained. */
  retainView(table: Table): void {
    this.#views.retain(table);
  }
  releaseView(table: Table): void {
    this.#views.release(table);
  }

  // ── The road ──

  #runReducer(
    { def }: Callable<ReducerDef>,
    { identity, connectionId }: Pick<Caller, 'identity' | 'connectionId'>,
    timestamp: bigint,
    args: Uint8Array,
    origin: Caller | undefined,
    extra?: CommitExtra,
  ): CallOutcome {
    const refusal = this.#refusal(timestamp);
    if (refusal) return refusal;
    const startedAt = this.#world.monotonic();
    const tx = this.#datastore.begin();
    try {
      const activation: Activation = { functionName: def.name, tx };
      const ran = this.#program.guest.callReducer(def.id, identity, connectionId, timestamp, args, activation);
      if (ran.kind === 'returned') return this.#finish(tx, timestamp, startedAt, origin, extra);
      if (ran.kind === 'refused') return { kind: 'failed', message: ran.message, timestamp };
      this.#logThrown(def.name, ran.thrown);
      return { kind: 'internal', message: FATAL_ERROR, timestamp };
    } finally {
      tx.rollback();
    }
  }

  /** Commits, unless a view breaks on what was written. */
  #finish(
    tx: Transaction,
    timestamp: bigint,
    startedAt: number,
    origin: Caller | undefined,
    extra?: CommitExtra,
  ): CallOutcome {
    try {
      const commit = this.#commit(tx, origin, extra);
      const durationMicros = BigInt(Math.round((this.#world.monotonic() - startedAt) * 1000));
      return { kind: 'committed', commit, timestamp, durationMicros };
    } catch (cause) {
      if (!(cause instanceof ViewFailure)) throw cause;
      this.#logViewFailure(cause);
      return { kind: 'internal', message: FATAL_ERROR, timestamp };
    }
  }

  /** Everything that is ever committed passes here. Throws `ViewFailure`; then nothing is committed. */
  #commit(tx: Transaction, origin: Caller | undefined, extra?: CommitExtra): Commit {
    this.#views.refresh(tx);
    const commit = tx.commit();
    this.#keep(commit, extra);
    this.#schedules.note(commit);
    if (commit.changes.length > 0) this.#announce(commit, origin);
    return commit;
  }

  #keep(commit: Commit, extra?: CommitExtra): void {
    if (extra || commit.changes.length > 0 || commit.sequences.length > 0) this.#storage.append(commit, extra);
  }

  #announce(commit: Commit, origin: Caller | undefined): void {
    try {
      this.onCommit(commit, origin);
    } catch (cause) {
      // The commit stands, whoever could not be told of it.
      this.log.addSystem('Error', `commit ${commit.number} could not be announced: ${messageOf(cause)}`);
    }
  }

  /** Why nothing can be written now. */
  #refusal(timestamp: bigint): NotCommitted | undefined {
    if (this.#isClosed) return { kind: 'internal', message: 'the database is closed', timestamp };
    const { refusal } = this.#storage;
    return refusal && { kind: 'internal', message: refusal.message, timestamp };
  }

  #runLifecycle(lifecycle: Lifecycle, caller: Caller, extra: CommitExtra): CallOutcome {
    const timestamp = this.#world.now();
    const reducer = this.#functions.lifecycle(lifecycle);
    if (reducer) return this.#runReducer(reducer, caller, timestamp, NO_ARGS, undefined, extra);
    return this.#refusal(timestamp) ?? this.#commitNothing(timestamp, extra);
  }

  #commitNothing(timestamp: bigint, extra: CommitExtra): CallOutcome {
    return this.#finish(this.#datastore.begin(), timestamp, this.#world.monotonic(), undefined, extra);
  }

  #runProcedure(
    { def }: Callable<ProcedureDef>,
    { identity, connectionId }: Pick<Caller, 'identity' | 'connectionId'>,
    timestamp: bigint,
    args: Uint8Array,
  ): ProcedureOutcome {
    const startedAt = this.#world.monotonic();
    const ran = this.#runOpen(def.name, activation =>
      this.#program.guest.callProcedure(def.id, identity, connectionId, timestamp, args, activation),
    );
    if (ran.kind === 'returned') {
      const durationMicros = BigInt(Math.round((this.#world.monotonic() - startedAt) * 1000));
      return { kind: 'returned', value: ran.value, timestamp, durationMicros };
    }
    if (ran.kind === 'threw') this.#logThrown(def.name, ran.thrown);
    const message = ran.kind === 'threw' ? ran.thrown.message : ran.message;
    return failedProcedure(`The module instance encountered a fatal error: ${message}`);
  }

  /** Runs a function that opens its transactions itself, and ends the one it may have left open. */
  #runOpen<T>(functionName: string, run: (activation: Activation) => T): T {
    const activation: Activation = { functionName, tx: undefined, control: this.#control };
    try {
      return run(activation);
    } finally {
      if (activation.tx) {
        activation.tx.rollback();
        this.log.addSystem('Error', `${functionName} left a transaction open; it was rolled back`);
      }
    }
  }

  readonly #control: TransactionControl = {
    begin: () => {
      const timestamp = this.#world.now();
      const refusal = this.#refusal(timestamp);
      if (refusal) throw new HostError('call/host-failure', refusal.message);
      return { tx: this.#datastore.begin(), timestamp };
    },
    commit: tx => {
      try {
        this.#commit(tx, undefined);
      } catch (cause) {
        if (cause instanceof ViewFailure) this.#logViewFailure(cause);
        throw new HostError('call/host-failure', messageOf(cause), { cause });
      } finally {
        tx.rollback();
      }
    },
    rollback: tx => tx.rollback(),
  };

  // ── Timed rows ──

  /** Runs the function of a row whose time has come. A row that runs once goes in a transaction of its own. */
  #fire(firing: Firing): void {
    try {
      const now = this.#world.now();
      if (now - firing.intendedAt > LATE_MICROS) {
        this.log.addSystem('Warn', `${firing.functionName} runs ${(now - firing.intendedAt) / 1000n} ms late`);
      }
      const callable = this.#functions.scheduled(firing.functionName);
      assert(callable, `the scheduled function ${firing.functionName} exists`);
      const timestamp = now > firing.intendedAt ? now : firing.intendedAt;
      const sender = { identity: this.identity, connectionId: undefined };
      const args = firing.row.bytes;
      if (isProcedure(callable)) {
        this.#removeSpent(firing);
        this.#runProcedure(callable, sender, timestamp, args);
      } else {
        const outcome = this.#runReducer(callable, sender, timestamp, args, undefined);
        if (outcome.kind === 'failed') {
          this.log.addSystem('Error', `scheduled reducer ${callable.def.name} failed: ${outcome.message}`);
        }
        this.#removeSpent(firing);
      }
    } catch (cause) {
      this.log.addSystem('Error', `running ${firing.functionName} failed: ${messageOf(cause)}`);
    }
  }

  #removeSpent(firing: Firing): void {
    const row = firing.spent();
    if (!row || this.#isClosed || this.#storage.refusal) return;
    const tx = this.#datastore.begin();
    try {
      tx.deleteRow(firing.table, row);
      this.#commit(tx, undefined);
    } finally {
      tx.rollback();
    }
  }

  #scheduleImmediate(name: string, args: Uint8Array): void {
    if (this.#immediate >= MAX_IMMEDIATE) throw new HostError('call/no-space');
    const reducer = this.#functions.reducer(name) ?? this.#functions.scheduled(name);
    if (!reducer || isProcedure(reducer)) throw new HostError('call/host-failure', `no such reducer: ${name}`);
    const fault = faultOfArgs('reducer', reducer, args);
    if (fault !== undefined) throw new HostError('row/undecodable', fault);
    this.#immediate++;
    this.#world.setTimer(0, () => {
      this.#immediate--;
      if (this.#isClosed) return;
      const sender = { identity: this.identity, connectionId: undefined };
      this.#runReducer(reducer, sender, this.#world.now(), args, undefined);
    });
  }

  // ── Beginning, change and end ──

  #initialise(): void {
    const timestamp = this.#world.now();
    const reducer = this.#functions.lifecycle('init');
    const extra: CommitExtra = { meta: { [PROGRAM]: this.#program.bytes } };
    // Commit 0 counts as durable from the start, and the program must not be lost even if `init` writes nothing.
    this.#datastore.restoreCommitNumber(1);
    const owner = { identity: this.owner, connectionId: undefined };
    this.#schedules.watch(this.#datastore);
    const outcome = reducer
      ? this.#runReducer(reducer, owner, timestamp, NO_ARGS, undefined, extra)
      : (this.#refusal(timestamp) ?? this.#commitNothing(timestamp, extra));
    if (outcome.kind !== 'committed') throw new HostError('publish/init-failed', outcome.message);
    this.log.addSystem('Info', 'Database initialized');
  }

  #restore(state: StoredState): void {
    for (const { name, rows } of state.tables) {
      const table = this.#datastore.tableByName(name);
      if (!table) throw new HostError('storage/damaged', `there are rows of a table ${name} that the module lacks`);
      this.#datastore.restore(table, rows);
    }
    this.#datastore.restoreSequences(state.sequences);
    this.#datastore.restoreCommitNumber(state.commitNumber);
    this.#schedules.watch(this.#datastore);
    for (const client of state.clients) this.#clients.set(client.connectionId, client);
    for (const client of state.clients) this.disconnect(client);
  }

  /**
   * Replaces the module. The same bytes change nothing. Throws what a publisher should read, with the old module still
   * running: `guest/invalid`, `schema/invalid`, `publish/incompatible`, or `publish/breaks-clients` unless that is allowed.
   */
  update(bundle: Uint8Array, mayBreakClients = false): UpdateOutcome {
    if (Buffer.compare(bundle, this.#program.bytes) === 0) return { kind: 'unchanged', breaksClients: false };
    const refusal = this.#refusal(this.#world.now());
    if (refusal) throw this.#storage.refusal ?? new HostError('database/closed', refusal.message);
    const program = loadProgram(bundle, this.#guestHooks());
    const plan = planUpdate(this.#program.def, program.def, this.#datastore);
    if (plan.breaksClients && !mayBreakClients) throw new HostError('publish/breaks-clients');
    const datastore = plan.apply();
    const rewritten = datastore.tables.filter(({ def }) => plan.rewrittenTables.includes(def.name));
    const commit = datastore.rewrite(rewritten);
    this.#storage.append(commit, { meta: { [PROGRAM]: bundle }, droppedTables: plan.droppedTables });
    program.guest.attach(datastore);
    this.#program = program;
    this.#functions = new Functions(program.def);
    this.#datastore = datastore;
    this.#views.reset(datastore);
    this.#schedules.watch(datastore);
    const outcome: UpdateOutcome = { kind: 'updated', breaksClients: plan.breaksClients };
    this.log.addSystem('Info', 'Updated the module');
    this.onReplaced(outcome);
    return outcome;
  }

  /** Stops timers and lets go of the storage when what waits is written; may be called twice. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#schedules.stop();
    this.#views.stop();
    await this.#storage.close();
  }

  // ── What the module is given ──

  #guestHooks(): GuestHooks {
    return {
      identity: this.identity,
      isTrusted: this.#trustsModule,
      log: line => this.log.add(line),
      claimsOf: connectionId => this.#clients.get(connectionId)?.claims,
      checkSchedule: (table, row) => this.#schedules.check(table, row),
      scheduleImmediate: (reducer, args) => this.#scheduleImmediate(reducer, args),
      fetch: fetchAndWait,
      monotonic: () => this.#world.monotonic(),
    };
  }

  #logThrown(functionName: string, { text, line, trace }: Thrown): void {
    this.log.add({ level: 101, message: text, functionName, line, trace });
  }

  #logViewFailure({ view, message, ran }: ViewFailure): void {
    if (ran?.kind === 'threw') this.#logThrown(view.name, ran.thrown);
    else this.log.addSystem('Error', `the view ${view.name} failed: ${message}`);
  }
}

function failedProcedure(message: string): ProcedureOutcome {
  return { kind: 'internal-error', message, timestamp: 0n, durationMicros: 0n };
}

function isProcedure(callable: Callable<ReducerDef> | Callable<ProcedureDef>): callable is Callable<ProcedureDef> {
  return 'returns' in callable.def;
}
