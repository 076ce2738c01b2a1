// One database: a module, its rows, and everything that can be asked of them.

import { faultOfArgs, Functions, lifecycleRefusal } from './database/functions.ts';
import type { RequestHeaders } from './database/handlers.ts';
import { LogFile } from './database/log-file.ts';
import { KEPT_LINES, ModuleLog } from './database/module-log.ts';
import type { CallOutcome, Caller, HandlerResponse, ProcedureOutcome, UpdateOutcome } from './database/outcome.ts';
import { failedProcedure, Procedures } from './database/procedures.ts';
import { loadProgram, type Program } from './database/program.ts';
import { ScriptFile } from './database/script-file.ts';
import { CommitPipeline, type Running, type Sender } from './database/commit-pipeline.ts';
import { Schedules } from './database/schedules.ts';
import { TimedCalls } from './database/timed-calls.ts';
import { planUpdate } from './database/update-plan.ts';
import type { Commit } from './datastore/commit.ts';
import { Datastore } from './datastore/datastore.ts';
import type { Table } from './datastore/table.ts';
import type { Transaction } from './datastore/transaction.ts';
import { assert, HostError } from './errors.ts';
import type { GuestHooks, Watch } from './guest/activation.ts';
import { fetchAndWait } from './guest/outgoing-http.ts';
import { Watchdog, type CallLimits } from './guest/watchdog.ts';
import type { Lifecycle, ModuleDef, ViewDef } from './schema/definition.ts';
import type { RawModule } from './schema/raw.ts';
import type { CommitExtra, Storage, StoredState } from './storage/storage.ts';
import type { World } from './world.ts';

export type { CallOutcome, Caller, HandlerResponse, ProcedureOutcome, UpdateOutcome } from './database/outcome.ts';

/** What storage keeps the program under. */
const PROGRAM = 'program';

const NO_ARGS = new Uint8Array(0);

/** What a database is made of. */
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
  /** The file of the module log; without it the log lasts as long as the process. */
  readonly logPath?: string;
  /** A file that may be lost: with it the next process starts sooner. */
  readonly scriptPath?: string;
  /**
   * How far a call of the module may go; without it, or with a `callMs` of Infinity, as far as it likes. They hold on the
   * main thread only.
   */
  readonly callLimits?: CallLimits;
}

/** A running database. Everything in it happens on one thread, one transaction at a time. */
export class Database {
  readonly identity: bigint;
  readonly owner: bigint;
  readonly log: ModuleLog;
  readonly #trustsModule: boolean;
  readonly #watch: Watch | undefined;
  readonly #storage: Storage;
  readonly #world: World;
  readonly #clients = new Map<bigint, Caller>();
  readonly #schedules: Schedules;
  readonly #pipeline: CommitPipeline;
  readonly #procedures: Procedures;
  readonly #timed: TimedCalls;

  /** Hears that the module was replaced, and with it every table: whoever holds one must ask anew. */
  onReplaced: (outcome: UpdateOutcome) => void = () => {};

  /**
   * Hears that nothing more can be written. Commits that are not durable are gone by then, perhaps the last module with
   * them, and every table must be asked for anew; what is left can be read.
   */
  onWriteFailed: (error: HostError) => void = () => {};

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
    const { storage, world, identity, owner, trustsModule = false, callLimits, logPath, scriptPath } = options;
    this.#trustsModule = trustsModule;
    const watchdog = callLimits && callLimits.callMs !== Infinity ? Watchdog.get() : undefined;
    this.#watch = watchdog && callLimits && { watchdog, limits: callLimits, isCovered: false };
    this.identity = identity;
    this.owner = owner;
    this.#storage = storage;
    this.#world = world;
    const previous = logPath === undefined ? [] : LogFile.read(logPath, KEPT_LINES);
    const logFile = logPath === undefined ? undefined : new LogFile(logPath);
    this.log = new ModuleLog(() => world.now(), KEPT_LINES, logFile, previous);
    this.#schedules = new Schedules(world, firing => this.#timed.fire(firing));
    const keeper = scriptPath === undefined ? undefined : new ScriptFile(scriptPath);
    const program = loadProgram(bytes, this.#guestHooks(), keeper);
    const running = createRunning(program, new Datastore(program.def));
    this.#pipeline = new CommitPipeline({ world, storage, log: this.log, schedules: this.#schedules }, running);
    this.#procedures = new Procedures(this.#pipeline, world);
    this.#timed = new TimedCalls(this.#pipeline, this.#procedures, world, identity);
    storage.onFailed = (error, lost) => {
      this.#schedules.stop();
      this.#pipeline.takeBack(lost);
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
  /** What the module's `__describe_module__` returned. */
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
  /** Hears of every commit that changed something, in order, before anything else happens. */
  set onCommit(listener: (commit: Commit, origin: Caller | undefined) => void) {
    this.#pipeline.onCommit = listener;
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

  /** Runs a reducer, by its canonical name, to its end: all it wrote becomes visible at once, or none of it does. */
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
   * Does work that calls reducers with `callCovered`, all under one guard against those that run too long, which is cheaper
   * than one for each. When a reducer is stopped, `work` is cut off at that call without a `finally`: `onCutOff` hears how
   * the call ended, then `work` is called again, until it ends by itself.
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

  /** `call` inside of `cover`. */
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

  /** Runs a procedure, by its canonical name. What its transactions changed is announced before it returns. */
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

  /** Lets the module answer an HTTP request. `path` is what follows `/route`, `url` the absolute URL. */
  handleHttp(method: string, path: string, url: string, headers: RequestHeaders, body: Uint8Array): HandlerResponse {
    return this.#procedures.handle({ method, path, url, headers, body });
  }

  /** Writes rows without a reducer, by the same road. What `work` throws is thrown on, with nothing changed. */
  write<T>(caller: Caller, work: (tx: Transaction) => T): { outcome: CallOutcome; value: T | undefined } {
    return this.#pipeline.write({ origin: caller }, work);
  }

  /** The rows of a view as an identity sees them. A view that throws has none. */
  viewTable(view: ViewDef, caller: bigint): Table {
    return this.#pipeline.viewTable(view, caller);
  }
  /** Keeps a view up to date until it is released as often as it was retained. */
  retainView(table: Table): void {
    this.#pipeline.retainView(table);
  }
  releaseView(table: Table): void {
    this.#pipeline.releaseView(table);
  }

  /**
   * Takes a client in, unless the module refuses. Its connection id must be known. While nothing can be written the module
   * is asked all the same, and what it writes is dropped.
   */
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
    if (this.#pipeline.refusal) {
      // Who is not noted as gone is disconnected when the database is opened again.
      this.#clients.delete(connectionId);
      return;
    }
    const extra: CommitExtra = { disconnected: connectionId };
    const outcome = this.#runLifecycle('onDisconnect', caller, extra);
    if (outcome.kind !== 'committed') {
      this.log.addSystem('Error', `client_disconnected failed: ${outcome.message}`);
      this.#pipeline.write({ extra }, () => undefined);
    }
    this.#clients.delete(connectionId);
  }

  #runLifecycle(lifecycle: Lifecycle, sender: Sender, extra: CommitExtra): CallOutcome {
    const reducer = this.#functions.lifecycle(lifecycle);
    const isRehearsal = this.#pipeline.failure !== undefined;
    if (isRehearsal && !reducer) return this.#pipeline.nothing(this.#world.now());
    if (!reducer) return this.#pipeline.write({ extra }, () => undefined).outcome;
    return this.#pipeline.run(reducer, sender, this.#world.now(), NO_ARGS, { extra, isRehearsal });
  }

  #initialise(): void {
    // Commit 0 counts as durable from the start, and the program must not be lost even if `init` writes nothing.
    this.datastore.restoreCommitNumber(1);
    this.#schedules.watch(this.datastore);
    const owner = { identity: this.owner, connectionId: undefined };
    const outcome = this.#runLifecycle('init', owner, { meta: { [PROGRAM]: this.programBytes } });
    if (outcome.kind !== 'committed') throw new HostError('publish/init-failed', outcome.message);
    this.log.addSystem('Info', 'Database initialized');
  }

  #restore(state: StoredState): void {
    const { datastore } = this;
    for (const { name, rows } of state.tables) {
      const table = datastore.tableByName(name);
      if (!table) throw new HostError('storage/damaged', `there are rows of a table ${name} that the module lacks`);
      datastore.restore(table, rows);
    }
    datastore.restoreSequences(state.sequences);
    datastore.restoreCommitNumber(state.commitNumber);
    this.#schedules.watch(datastore);
    for (const client of state.clients) this.#clients.set(client.connectionId, client);
    for (const client of state.clients) this.disconnect(client);
  }

  /**
   * Replaces the module. The same bytes change nothing. Throws what a publisher should read, with the old module still
   * running: `guest/invalid`, `schema/invalid`, `publish/incompatible`, or `publish/breaks-clients` unless that is allowed.
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

  /** Stops timers and lets go of the storage when what waits is written; may be called twice. */
  async close(): Promise<void> {
    this.#schedules.stop();
    this.#pipeline.close();
    this.log.close();
    await this.#storage.close();
  }

  #guestHooks(): GuestHooks {
    return {
      ...(this.#watch && { watch: this.#watch }),
      identity: this.identity,
      isTrusted: this.#trustsModule,
      log: line => this.log.add(line),
      claimsOf: connectionId => this.#clients.get(connectionId)?.claims,
      checkSchedule: (table, row) => this.#schedules.check(table, row),
      scheduleImmediate: (reducer, args) => this.#timed.runSoon(reducer, args),
      fetch: fetchAndWait,
      monotonic: () => this.#world.monotonic(),
    };
  }
}

/** Gives a module the tables that its system calls mean. */
function createRunning(program: Program, datastore: Datastore): Running {
  program.guest.attach(datastore);
  return { program, functions: new Functions(program.def), datastore };
}
