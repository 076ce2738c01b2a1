// One database: a module, its rows, and all operations on them.

import { DeferredWrites } from './database/deferred-writes.ts';
import { faultOfArgs, Functions, lifecycleRefusal } from './database/functions.ts';
import type { RequestHeaders } from './database/handlers.ts';
import { guardTimers } from './database/guarded-timers.ts';
import { LifecycleCalls } from './database/lifecycle-calls.ts';
import { LogFile } from './database/log-file.ts';
import { KEPT_LINES, ModuleLog } from './database/module-log.ts';
import type { CallOutcome, Caller, HandlerResponse, ProcedureOutcome, UpdateOutcome } from './database/outcome.ts';
import { failedProcedure, Procedures } from './database/procedures.ts';
import { loadProgram, type Program } from './database/program.ts';
import { ScriptFile } from './database/script-file.ts';
import { CommitPipeline, type Running } from './database/commit-pipeline.ts';
import { Schedules } from './database/schedules.ts';
import { TimedCalls } from './database/timed-calls.ts';
import { planUpdate } from './database/update-plan.ts';
import type { Commit } from './datastore/commit.ts';
import { Datastore } from './datastore/datastore.ts';
import type { Table } from './datastore/table.ts';
import type { Transaction } from './datastore/transaction.ts';
import { HostError } from './errors.ts';
import type { GuestHooks, Watch } from './guest/activation.ts';
import type { Isolation } from './guest/isolated/isolated-realm.ts';
import { fetchAndWait } from './guest/outgoing-http.ts';
import { Watchdog, type CallLimits } from './guest/watchdog.ts';
import { SystemVariables } from './query/source.ts';
import type { ModuleDef, ViewDef } from './schema/definition.ts';
import type { RawModule } from './schema/raw.ts';
import type { Storage, StoredState } from './storage/storage.ts';
import type { World } from './world.ts';

export type { CallOutcome, Caller, HandlerResponse, ProcedureOutcome, UpdateOutcome } from './database/outcome.ts';

/** The storage keys of the program and of the variable `row_limit`. */
const PROGRAM = 'program';
const ROW_LIMIT = 'row_limit';

/** Options of a database. */
export interface DatabaseOptions {
  /** The database closes it. */
  readonly storage: Storage;
  readonly world: World;
  readonly identity: bigint;
  readonly owner: bigint;
  /** The module; required when storage holds none yet. */
  readonly bundle?: Uint8Array;
  /**
   * True for a module of the operator. Its log then has the stacks of engine errors, which a hostile module could abuse to
   * leave its realm.
   */
  readonly trustsModule?: boolean;
  /** The file of the module log; without it the log is kept in memory only. */
  readonly logPath?: string;
  /** A cache file for the transformed bundle; it makes the next start faster. */
  readonly scriptPath?: string;
  /** Limits of a call of the module; none by default or with an infinite `callMs`. They apply on the main thread only. */
  readonly callLimits?: CallLimits;
  /** Runs the module in a process with this much memory. `callLimits.callMs` is then the limit of a call. */
  readonly isolatedBytes?: number;
}

/** A running database. It runs on one thread, one transaction at a time. */
export class Database {
  readonly identity: bigint;
  readonly owner: bigint;
  readonly log: ModuleLog;
  /** The variables of SQL; they survive a restart. */
  readonly variables: SystemVariables;
  readonly #trustsModule: boolean;
  readonly #watch: Watch | undefined;
  readonly #isolation: Isolation | undefined;
  readonly #storage: Storage;
  readonly #world: World;
  readonly #schedules: Schedules;
  readonly #pipeline: CommitPipeline;
  readonly #procedures: Procedures;
  readonly #timed: TimedCalls;
  readonly #lifecycle: LifecycleCalls;
  /** Calls and disconnects that wait for the disk. */
  readonly #deferred: DeferredWrites;

  /** Is called when the module was replaced; tables obtained before are stale then. */
  onReplaced: (outcome: UpdateOutcome) => void = () => {};

  /**
   * Is called when nothing more can be written. Commits that were not durable are undone by then, possibly with the last
   * module; tables obtained before are stale. The remaining rows can be read.
   */
  onWriteFailed: (error: HostError) => void = () => {};

  /**
   * Opens a database. A new one runs `init`; if that fails, it stores nothing and throws `publish/init-failed`. A stored one
   * continues with its rows; clients that were connected when the process ended are disconnected first.
   */
  static async open(options: DatabaseOptions): Promise<Database> {
    const { storage } = options;
    const kept = storage.getMeta(PROGRAM);
    const bytes = kept ?? options.bundle;
    if (!bytes) throw new HostError('guest/invalid', 'there is no module to run');
    const state = storage.load();
    const database = new Database(options, bytes);
    try {
      if (kept) database.#restore(state);
      else database.#initialise();
    } catch (error) {
      database.log.close();
      throw error;
    }
    await storage.whenDurable(database.datastore.commitNumber);
    database.#schedules.start();
    return database;
  }

  private constructor(options: DatabaseOptions, bytes: Uint8Array) {
    const { storage, identity, owner, trustsModule = false, callLimits, logPath, scriptPath } = options;
    const world = guardTimers(options.world, message => this.log.addSystem('Error', message));
    this.#trustsModule = trustsModule;
    const { isolatedBytes } = options;
    const limits = callLimits ?? { callMs: Infinity, callBytes: Infinity };
    this.#isolation = isolatedBytes === undefined ? undefined : { memoryBytes: isolatedBytes, limits };
    const watchdog = !this.#isolation && callLimits && callLimits.callMs !== Infinity ? Watchdog.get() : undefined;
    this.#watch = watchdog && callLimits && { watchdog, limits: callLimits, isCovered: false };
    this.identity = identity;
    this.owner = owner;
    this.#storage = storage;
    this.#world = world;
    const rowLimit = storage.getMeta(ROW_LIMIT);
    this.variables = new SystemVariables(rowLimit && BigInt(new TextDecoder().decode(rowLimit)), limit =>
      this.#storeMeta(ROW_LIMIT, new TextEncoder().encode(String(limit))),
    );
    const previousLines = logPath === undefined ? [] : LogFile.read(logPath, KEPT_LINES);
    const logFile = logPath === undefined ? undefined : new LogFile(logPath);
    this.log = new ModuleLog(() => world.now(), KEPT_LINES, logFile, previousLines);
    const isWritable = () => this.#pipeline.refusal === undefined;
    this.#schedules = new Schedules({ world, isWritable, run: firing => this.#timed.fire(firing) });
    this.#deferred = new DeferredWrites(world, isWritable);
    const cache = scriptPath === undefined ? undefined : new ScriptFile(scriptPath);
    const program = loadProgram(bytes, this.#guestHooks(), cache);
    const running = createRunning(program, new Datastore(program.def));
    this.#pipeline = new CommitPipeline({ world, storage, log: this.log, schedules: this.#schedules }, running);
    this.#procedures = new Procedures(this.#pipeline, world);
    this.#timed = new TimedCalls(this.#pipeline, this.#procedures, this.#deferred, world, identity);
    this.#lifecycle = new LifecycleCalls(this.#pipeline, this.#deferred, world);
    storage.onFailed = (error, lost) => {
      this.#schedules.stop();
      this.#deferred.stop();
      this.#pipeline.undo(lost);
      this.log.addSystem('Error', error.message);
      this.onWriteFailed(error);
    };
  }

  get def(): ModuleDef {
    return this.#pipeline.running.program.def;
  }
  get raw(): RawModule {
    return this.#pipeline.running.program.raw;
  }
  /** The result of the module's `__describe_module__`. */
  get rawDescription(): Uint8Array {
    return this.#pipeline.running.program.description;
  }
  /** The bundle. */
  get programBytes(): Uint8Array {
    return this.#pipeline.running.program.bytes;
  }
  get datastore(): Datastore {
    return this.#pipeline.running.datastore;
  }
  get #functions(): Functions {
    return this.#pipeline.running.functions;
  }
  /** Is called synchronously with every commit that changed rows, in order. */
  set onCommit(listener: (commit: Commit, origin: Caller | undefined) => void) {
    this.#pipeline.onCommit = listener;
  }
  /** All commits up to this number are durable. */
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
  /** Resolves when the disk has caught up enough to accept more calls. */
  whenRoom(): Promise<void> {
    return this.#storage.whenRoom();
  }

  /** Runs a reducer by its canonical name, as one transaction. */
  call(name: string, args: Uint8Array, caller: Caller): CallOutcome {
    const timestamp = this.#world.now();
    const reducer = this.#functions.reducer(name);
    if (reducer?.def.lifecycle) {
      return { kind: 'lifecycle', message: lifecycleRefusal(reducer.def.lifecycle), timestamp };
    }
    if (!reducer || (reducer.def.isPrivate && caller.identity !== this.owner)) {
      this.log.addMismatch('reducer', name, 'unknown');
      return { kind: 'no-such-reducer', message: 'no such reducer', timestamp };
    }
    const fault = faultOfArgs('reducer', reducer, args);
    if (fault !== undefined) {
      this.log.addMismatch('reducer', name, 'arguments');
      return { kind: 'bad-args', message: fault, timestamp };
    }
    return this.#pipeline.run(reducer, caller, timestamp, args, { origin: caller });
  }

  /**
   * Runs work that calls reducers with `callCovered`, under one guard against long calls, which is cheaper than a guard for
   * each. When a reducer is stopped, `work` is cut off at that call, without running `finally` blocks: `onCutOff` receives
   * the outcome of the call, then `work` is called again, until it returns.
   */
  cover(work: () => void, onCutOff: (outcome: CallOutcome) => void): void {
    const watch = this.#watch;
    if (!watch) {
      work();
      return;
    }
    for (;;) {
      const stopped = watch.watchdog.guard(work);
      if (!stopped) return;
      watch.isCovered = false;
      onCutOff(this.#pipeline.cutOff(stopped, watch.limits));
    }
  }

  /** `call` inside `cover`. */
  callCovered(name: string, args: Uint8Array, caller: Caller): CallOutcome {
    const watch = this.#watch;
    if (!watch) return this.call(name, args, caller);
    watch.isCovered = true;
    try {
      return this.call(name, args, caller);
    } finally {
      watch.isCovered = false;
    }
  }

  /** Runs a procedure by its canonical name. The commits of its transactions are published before it returns. */
  runProcedure(name: string, args: Uint8Array, caller: Caller): ProcedureOutcome {
    const procedure = this.#functions.procedure(name);
    if (!procedure || (procedure.def.isPrivate && caller.identity !== this.owner)) {
      this.log.addMismatch('procedure', name, 'unknown');
      return failedProcedure('No such procedure');
    }
    const fault = faultOfArgs('procedure', procedure, args);
    if (fault !== undefined) {
      this.log.addMismatch('procedure', name, 'arguments');
      return failedProcedure(fault);
    }
    return this.#procedures.run(procedure, caller, this.#world.now(), args);
  }

  /** Runs the HTTP handler of the module for a request. `path` is the part after `/route`, `url` the absolute URL. */
  handleHttp(method: string, path: string, url: string, headers: RequestHeaders, body: Uint8Array): HandlerResponse {
    return this.#procedures.handle({ method, path, url, headers, body });
  }

  /** Writes rows without a reducer, through the same pipeline. An error of `work` rolls back and is rethrown. */
  write<T>(caller: Caller, work: (tx: Transaction) => T): { outcome: CallOutcome; value: T | undefined } {
    return this.#pipeline.write({ origin: caller }, work);
  }

  /** The rows of a view for an identity. A view that throws has none. */
  viewTable(view: ViewDef, caller: bigint): Table {
    return this.#pipeline.viewTable(view, caller);
  }
  /** Keeps a view up to date until each `retainView` is matched by a `releaseView`. */
  retainView(table: Table): void {
    this.#pipeline.retainView(table);
  }
  releaseView(table: Table): void {
    this.#pipeline.releaseView(table);
  }

  /**
   * Connects a client unless the module refuses it. It must have a connection id. While nothing can be written, the module
   * still decides, and its writes are dropped.
   */
  connect(caller: Caller): CallOutcome {
    return this.#lifecycle.connect(caller);
  }

  /** Disconnects a client, later if the disk is behind; a no-op for one that is not connected. */
  disconnect(caller: Caller): void {
    this.#lifecycle.disconnect(caller);
  }

  /** Frees the memory of the module's code unless it was called since the last call of this function; its rows stay. */
  restUnlessUsed(): void {
    this.#pipeline.running.program.guest.restUnlessUsed();
  }

  #storeMeta(name: string, value: Uint8Array): void {
    if (this.#pipeline.refusal) throw this.#pipeline.refusal;
    this.#pipeline.write({ extra: { meta: { [name]: value } } }, () => undefined);
  }

  #initialise(): void {
    // Commit 0 is durable from the start, and the program must be stored even if `init` writes nothing.
    this.datastore.restoreCommitNumber(1);
    this.#schedules.watch(this.datastore);
    this.#lifecycle.init(this.owner, { meta: { [PROGRAM]: this.programBytes } });
    this.log.addSystem('Info', 'Database initialized');
  }

  #restore(state: StoredState): void {
    const { datastore } = this;
    for (const { name, rows } of state.tables) {
      const table = datastore.tableByName(name);
      if (!table)
        throw new HostError('storage/damaged', `storage has rows of the table ${name}, which the module lacks`);
      datastore.restore(table, rows);
    }
    datastore.restoreSequences(state.sequences);
    datastore.restoreCommitNumber(state.commitNumber);
    this.#schedules.watch(datastore);
    this.#lifecycle.disconnectAll(state.clients);
  }

  /**
   * Replaces the module; the same bytes are a no-op. On an error the old module continues, and the publisher gets
   * `guest/invalid`, `schema/invalid`, `publish/incompatible`, or `publish/breaks-clients` unless that is allowed.
   */
  update(bundle: Uint8Array, mayBreakClients = false): UpdateOutcome {
    if (Buffer.compare(bundle, this.programBytes) === 0) return { kind: 'unchanged', breaksClients: false };
    if (this.#pipeline.refusal) throw this.#pipeline.refusal;
    const program = loadProgram(bundle, this.#guestHooks());
    const { breaksClients, droppedTables, rewrittenTables, apply } = planUpdate(this.def, program.def, this.datastore);
    if (breaksClients && !mayBreakClients) throw new HostError('publish/breaks-clients');
    const datastore = apply();
    const commit = datastore.rewrite(datastore.tables.filter(({ def }) => rewrittenTables.includes(def.name)));
    this.#pipeline.replace(createRunning(program, datastore), commit, { meta: { [PROGRAM]: bundle }, droppedTables });
    this.#schedules.watch(datastore);
    const outcome: UpdateOutcome = { kind: 'updated', breaksClients };
    this.log.addSystem('Info', 'Updated the module');
    this.onReplaced(outcome);
    return outcome;
  }

  /** Stops timers, writes pending commits and closes the storage; may be called twice. */
  async close(): Promise<void> {
    this.#schedules.stop();
    this.#deferred.stop();
    this.#pipeline.close();
    this.log.close();
    await this.#storage.close();
  }

  #guestHooks(): GuestHooks {
    return {
      ...(this.#watch && { watch: this.#watch }),
      ...(this.#isolation && { isolation: this.#isolation }),
      identity: this.identity,
      isTrusted: this.#trustsModule,
      log: line => this.log.add(line),
      claimsOf: connectionId => this.#lifecycle.claimsOf(connectionId),
      checkSchedule: (table, row) => this.#schedules.check(table, row),
      scheduleImmediate: (reducer, args) => this.#timed.runSoon(reducer, args),
      fetch: fetchAndWait,
      monotonic: () => this.#world.monotonic(),
    };
  }
}

/** Attaches a module to its tables. */
function createRunning(program: Program, datastore: Datastore): Running {
  program.guest.attach(datastore);
  return { program, functions: new Functions(program.def), datastore };
}
