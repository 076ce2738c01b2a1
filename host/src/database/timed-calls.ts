// Calls without a waiting caller: due rows, and reducers that a module schedules to run right after a call.

import type { Transaction } from '../datastore/transaction.ts';
import { assert, HostError, messageOf } from '../errors.ts';
import type { ReducerDef } from '../schema/definition.ts';
import type { World } from '../world.ts';
import type { DeferredWrites } from './deferred-writes.ts';
import { faultOfArgs, isProcedure, type Callable } from './functions.ts';
import type { CallOutcome } from './outcome.ts';
import type { Procedures } from './procedures.ts';
import type { CommitPipeline, Sender } from './commit-pipeline.ts';
import type { Firing } from './schedules.ts';

/** A timed row that runs later than this is logged. */
const LATE_MICROS = 30_000n;

/** Reducers that may wait to run immediately; more are refused. */
const MAX_IMMEDIATE = 16_384;

/** Runs timed calls with the identity of the database. */
export class TimedCalls {
  readonly #pipeline: CommitPipeline;
  readonly #procedures: Procedures;
  readonly #world: World;
  readonly #sender: Sender;
  readonly #deferred: DeferredWrites;
  #immediate = 0;

  constructor(
    pipeline: CommitPipeline,
    procedures: Procedures,
    deferred: DeferredWrites,
    world: World,
    databaseIdentity: bigint,
  ) {
    this.#pipeline = pipeline;
    this.#deferred = deferred;
    this.#procedures = procedures;
    this.#world = world;
    this.#sender = { identity: databaseIdentity, connectionId: undefined };
  }

  /**
   * Runs the function of a due row. A row that runs once is deleted with the commit of its run, or after a run that the module
   * failed; that of a procedure before the run, since a procedure that ends midway must not run again. Returns false if the
   * host failed: then the row is still due. Never throws.
   */
  fire(firing: Firing): boolean {
    const { log, running } = this.#pipeline;
    let isDone = false;
    try {
      const now = this.#world.now();
      const late = now - firing.intendedAt;
      if (late > LATE_MICROS) log.addSystem('Warn', `${firing.functionName} runs ${late / 1000n} ms late`);
      const callable = running.functions.scheduled(firing.functionName);
      assert(callable, `the scheduled function ${firing.functionName} exists`);
      const timestamp = now > firing.intendedAt ? now : firing.intendedAt;
      if (isProcedure(callable)) {
        if (!this.#removeSpent(firing)) return false;
        isDone = true;
        this.#procedures.run(callable, this.#sender, timestamp, firing.row.bytes);
        return isDone;
      }
      const complete = (tx: Transaction) => {
        const row = firing.spent();
        if (row) tx.deleteRow(firing.table, row);
      };
      const outcome = this.#runReducer(callable, timestamp, firing.row.bytes, complete);
      return outcome.kind === 'committed' || (outcome.refusal === undefined && this.#removeSpent(firing));
    } catch (cause) {
      log.addSystem('Error', `running ${firing.functionName} failed: ${messageOf(cause)}`);
      return isDone;
    }
  }

  /** Runs a reducer after the current call, also if that call fails. Throws a `HostError` for the module. */
  runSoon(name: string, args: Uint8Array): void {
    if (this.#immediate >= MAX_IMMEDIATE) throw new HostError('call/no-space');
    const reducer = this.#find(name);
    if (!reducer) throw new HostError('call/host-failure', `no such reducer: ${name}`);
    const fault = faultOfArgs('reducer', reducer, args);
    if (fault !== undefined) throw new HostError('row/undecodable', fault);
    this.#immediate++;
    const run = () => {
      this.#immediate--;
      this.#runNow(name, args);
    };
    this.#world.setTimer(0, () => {
      if (this.#pipeline.refusal) this.#deferred.add(run);
      else run();
    });
  }

  /** Runs a reducer of the module that is current now: it may have been replaced since the call was scheduled. */
  #runNow(name: string, args: Uint8Array): void {
    const { log } = this.#pipeline;
    try {
      const reducer = this.#find(name);
      const fault = reducer ? faultOfArgs('reducer', reducer, args) : `no such reducer: ${name}`;
      if (reducer && fault === undefined) this.#runReducer(reducer, this.#world.now(), args);
      else log.addSystem('Error', `a call that the replaced module scheduled cannot run: ${fault}`);
    } catch (cause) {
      log.addSystem('Error', `running ${name} failed: ${messageOf(cause)}`);
    }
  }

  #find(name: string): Callable<ReducerDef> | undefined {
    const { functions } = this.#pipeline.running;
    const found = functions.reducer(name) ?? functions.scheduled(name);
    return found && !isProcedure(found) ? found : undefined;
  }
  #runReducer(
    reducer: Callable<ReducerDef>,
    timestamp: bigint,
    args: Uint8Array,
    complete: (tx: Transaction) => void = () => {},
  ): CallOutcome {
    const outcome = this.#pipeline.run(reducer, this.#sender, timestamp, args, { complete });
    // The reason of an internal error is in the log already.
    if (outcome.kind !== 'committed' && outcome.kind !== 'internal') {
      this.#pipeline.log.addSystem('Error', `reducer ${reducer.def.name} failed: ${outcome.message}`);
    }
    return outcome;
  }

  /** Deletes a row that runs only once; returns false if that is impossible now. */
  #removeSpent(firing: Firing): boolean {
    const row = firing.spent();
    return !row || this.#pipeline.remove(firing.table, row);
  }
}
