// The commit pipeline: every write passes `#commit`, which refreshes views, commits, stores and publishes.

import type { Commit } from '../datastore/commit.ts';
import type { Datastore } from '../datastore/datastore.ts';
import type { Row } from '../datastore/row.ts';
import type { Table } from '../datastore/table.ts';
import type { Transaction } from '../datastore/transaction.ts';
import { assert, HostError, messageOf } from '../errors.ts';
import type { Activation, TransactionControl } from '../guest/activation.ts';
import type { Thrown } from '../guest/guest.ts';
import type { CallLimits, StopReason } from '../guest/watchdog.ts';
import type { ReducerDef, ViewDef } from '../schema/definition.ts';
import type { CommitExtra, Storage } from '../storage/storage.ts';
import type { World } from '../world.ts';
import type { Callable, Functions } from './functions.ts';
import type { ModuleLog } from './module-log.ts';
import { FATAL_ERROR, type CallOutcome, type Caller, type NotCommitted } from './outcome.ts';
import type { Program } from './program.ts';
import type { Schedules } from './schedules.ts';
import { ViewFailure, Views } from './views.ts';

/** A module and its tables; an update replaces all of it together. */
export interface Running {
  readonly program: Program;
  readonly functions: Functions;
  readonly datastore: Datastore;
}

/** The identity that a function runs for. */
export type Sender = Pick<Caller, 'identity' | 'connectionId'>;

/** Options of a commit. */
export interface Purpose {
  /** The caller that waits for the answer, if any. */
  readonly origin?: Caller;
  readonly extra?: CommitExtra;
  /** Writes to the transaction of a reducer after the reducer has returned. */
  readonly complete?: (tx: Transaction) => void;
  /** Rolls back after success: only the outcome counts. */
  readonly isDryRun?: boolean;
}

/** The parts that a pipeline uses. */
export interface CommitPipelineOptions {
  readonly world: World;
  readonly storage: Storage;
  readonly log: ModuleLog;
  readonly schedules: Schedules;
}

/** Runs writing functions, and commits or rolls back each of them. */
export class CommitPipeline {
  readonly log: ModuleLog;
  readonly #world: World;
  readonly #storage: Storage;
  readonly #schedules: Schedules;
  readonly #views: Views;
  #running: Running;
  /** Replaced modules whose replacing commit is not durable yet, oldest first. */
  readonly #previousModules: { readonly running: Running; readonly number: number }[] = [];
  #isClosed = false;
  /** The running reducer. */
  #reducer: { readonly functionName: string; readonly tx: Transaction; readonly timestamp: bigint } | undefined;

  onCommit: (commit: Commit, origin: Caller | undefined) => void = () => {};

  constructor({ world, storage, log, schedules }: CommitPipelineOptions, running: Running) {
    this.log = log;
    this.#world = world;
    this.#storage = storage;
    this.#schedules = schedules;
    this.#running = running;
    this.#views = new Views(running.datastore, {
      world,
      call: (view, sender, activation) => this.#running.program.guest.callView(view.id, sender, activation),
      failed: failure => this.#logViewFailure(failure),
    });
  }

  get running(): Running {
    return this.#running;
  }

  /** Continues with another module, whose tables hold the rows of the old ones. */
  replace(running: Running, commit: Commit, extra: CommitExtra): void {
    this.#storage.append(commit, extra);
    const previous = { running: this.#running, number: commit.number };
    this.#previousModules.push(previous);
    const forget = () => {
      this.#previousModules.splice(this.#previousModules.indexOf(previous), 1);
      previous.running.program.guest.close();
    };
    this.#storage.whenDurable(commit.number).then(forget, () => undefined);
    this.#running = running;
    this.#views.reset(running.datastore);
  }

  /** Undoes commits that were lost by a failed write, and the module if one of them replaced it. */
  undo(lost: readonly Commit[]): void {
    this.#views.dropAll();
    const previous = this.#previousModules.find(({ number }) => number > this.#storage.durable);
    if (previous) {
      this.#running = previous.running;
      this.#views.reset(previous.running.datastore);
    }
    const { datastore } = this.#running;
    datastore.undo(previous ? lost.filter(({ number }) => number < previous.number) : lost);
    datastore.restoreCommitNumber(this.#storage.durable);
  }

  close(): void {
    this.#isClosed = true;
    this.#running.program.guest.close();
    for (const { running } of this.#previousModules) running.program.guest.close();
    this.#views.stop();
  }

  /** The permanent write failure, if there is one; reads still work. */
  get failure(): HostError | undefined {
    return this.#isClosed ? undefined : this.#storage.failure;
  }

  /** The reason why nothing can be written now, if there is one. */
  get refusal(): HostError | undefined {
    return this.#isClosed ? new HostError('database/closed') : this.#storage.refusal;
  }

  /** Runs a reducer as one transaction. */
  run(
    { def }: Callable<ReducerDef>,
    { identity, connectionId }: Sender,
    timestamp: bigint,
    args: Uint8Array,
    purpose?: Purpose,
  ): CallOutcome {
    const { refusal } = this;
    const isDryRun = purpose?.isDryRun === true;
    if (refusal && !isDryRun) return refused(refusal, timestamp);
    const startedAt = this.#world.monotonic();
    const { program, datastore } = this.#running;
    const tx = datastore.begin();
    this.#reducer = { functionName: def.name, tx, timestamp };
    try {
      const activation: Activation = { functionName: def.name, tx };
      const ran = program.guest.callReducer(def.id, identity, connectionId, timestamp, args, activation);
      if (ran.kind === 'returned' && isDryRun) return this.unchanged(timestamp);
      if (ran.kind === 'returned') {
        purpose?.complete?.(tx);
        return this.#finish(tx, timestamp, startedAt, purpose);
      }
      if (ran.kind === 'refused') return { kind: 'failed', message: ran.message, timestamp };
      this.logThrown(def.name, ran.thrown);
      return { kind: 'internal', message: FATAL_ERROR, timestamp };
    } finally {
      tx.rollback();
      this.#reducer = undefined;
    }
  }

  /** The outcome of a commit without changes. */
  unchanged(timestamp: bigint): CallOutcome {
    const commit = { number: this.#running.datastore.commitNumber, changes: [], sequences: [] };
    return { kind: 'committed', commit, timestamp, durationMicros: 0n };
  }

  /** Rolls the running reducer back after `run` was cut off, and returns its outcome. */
  cutOff(reason: StopReason, limits: CallLimits): NotCommitted {
    assert(this.#reducer, 'a reducer was running');
    const { functionName, tx, timestamp } = this.#reducer;
    this.#reducer = undefined;
    tx.rollback();
    this.#views.noteStop();
    this.logThrown(functionName, this.#running.program.guest.cutOff(reason, limits));
    return { kind: 'internal', message: FATAL_ERROR, timestamp };
  }

  /** Writes rows without a reducer. An error of `work` rolls back and is rethrown. */
  write<T>(purpose: Purpose, work: (tx: Transaction) => T): { outcome: CallOutcome; value: T | undefined } {
    const timestamp = this.#world.now();
    const { refusal } = this;
    if (refusal) return { outcome: refused(refusal, timestamp), value: undefined };
    const startedAt = this.#world.monotonic();
    const tx = this.#running.datastore.begin();
    try {
      const value = work(tx);
      return { outcome: this.#finish(tx, timestamp, startedAt, purpose), value };
    } finally {
      tx.rollback();
    }
  }

  /** Deletes one row in a separate transaction; returns true if it is deleted. */
  remove(table: Table, row: Row): boolean {
    return this.write({}, tx => tx.deleteRow(table, row)).outcome.kind === 'committed';
  }

  /** Begins and ends the transactions of procedures. */
  readonly control: TransactionControl = {
    begin: () => {
      const { refusal } = this;
      if (refusal && !this.failure) throw new HostError('call/host-failure', refusal.message, { cause: refusal });
      return { tx: this.#running.datastore.begin(), timestamp: this.#world.now() };
    },
    commit: tx => {
      try {
        // A read-only transaction succeeds even when nothing can be written.
        if (!this.failure) this.#commit(tx);
        else if (tx.changes().length > 0) throw this.failure;
      } catch (cause) {
        if (cause instanceof ViewFailure) this.#logViewFailure(cause);
        throw new HostError('call/host-failure', messageOf(cause), { cause });
      } finally {
        tx.rollback();
      }
    },
    rollback: tx => tx.rollback(),
  };

  /** The rows of a view for an identity, computed now unless they are cached. */
  viewTable(view: ViewDef, caller: bigint): Table {
    const known = this.#views.find(view, caller);
    if (known) return known;
    const tx = this.#running.datastore.begin();
    try {
      const table = this.#views.materialise(view, caller, tx);
      const commit = tx.commit();
      // Views are not stored; after a write failure their commits must not raise the number that clients wait for.
      if (this.failure) this.#running.datastore.restoreCommitNumber(this.#storage.durable);
      else this.#store(commit);
      return table;
    } finally {
      tx.rollback();
    }
  }
  retainView(table: Table): void {
    this.#views.retain(table);
  }
  releaseView(table: Table): void {
    this.#views.release(table);
  }

  logThrown(functionName: string, { text, line, trace }: Thrown): void {
    this.log.add({ level: 101, message: text, functionName, line, trace });
  }

  /** Commits, unless a view fails on the written rows. */
  #finish(tx: Transaction, timestamp: bigint, startedAt: number, purpose?: Purpose): CallOutcome {
    try {
      const commit = this.#commit(tx, purpose);
      const durationMicros = BigInt(Math.round((this.#world.monotonic() - startedAt) * 1000));
      return { kind: 'committed', commit, timestamp, durationMicros };
    } catch (cause) {
      if (!(cause instanceof ViewFailure)) throw cause;
      this.#logViewFailure(cause);
      return { kind: 'internal', message: FATAL_ERROR, timestamp };
    }
  }

  /** Every commit passes here. Throws `ViewFailure`; then nothing is committed. */
  #commit(tx: Transaction, purpose?: Purpose): Commit {
    this.#views.refresh(tx);
    const commit = tx.commit();
    this.#store(commit, purpose?.extra);
    this.#schedules.note(commit);
    if (commit.changes.length > 0) this.#publish(commit, purpose?.origin);
    return commit;
  }

  #store(commit: Commit, extra?: CommitExtra): void {
    if (extra || commit.changes.length > 0 || commit.sequences.length > 0) this.#storage.append(commit, extra);
  }

  #publish(commit: Commit, origin: Caller | undefined): void {
    try {
      this.onCommit(commit, origin);
    } catch (cause) {
      // The commit is done, even if a listener failed.
      this.log.addSystem('Error', `commit ${commit.number} could not be published: ${messageOf(cause)}`);
    }
  }

  #logViewFailure({ view, message, ran }: ViewFailure): void {
    if (ran?.kind === 'threw') this.logThrown(view.name, ran.thrown);
    else this.log.addSystem('Error', `the view ${view.name} failed: ${message}`);
  }
}

function refused(refusal: HostError, timestamp: bigint): NotCommitted {
  return { kind: 'internal', message: refusal.message, timestamp, refusal };
}
