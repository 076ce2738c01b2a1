// Calls without a waiting caller: due rows, and reducers that a module schedules to run right after a call.

import { assert, HostError, messageOf } from '../errors.ts';
import type { ReducerDef } from '../schema/definition.ts';
import type { World } from '../world.ts';
import { faultOfArgs, isProcedure, type Callable } from './functions.ts';
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
  #immediate = 0;

  constructor(pipeline: CommitPipeline, procedures: Procedures, world: World, databaseIdentity: bigint) {
    this.#pipeline = pipeline;
    this.#procedures = procedures;
    this.#world = world;
    this.#sender = { identity: databaseIdentity, connectionId: undefined };
  }

  /** Runs the function of a due row; a row that runs once is deleted in a separate transaction. Never throws. */
  fire(firing: Firing): void {
    const { log, running } = this.#pipeline;
    try {
      const now = this.#world.now();
      const late = now - firing.intendedAt;
      if (late > LATE_MICROS) log.addSystem('Warn', `${firing.functionName} runs ${late / 1000n} ms late`);
      const callable = running.functions.scheduled(firing.functionName);
      assert(callable, `the scheduled function ${firing.functionName} exists`);
      const timestamp = now > firing.intendedAt ? now : firing.intendedAt;
      if (isProcedure(callable)) {
        this.#removeSpent(firing);
        this.#procedures.run(callable, this.#sender, timestamp, firing.row.bytes);
      } else {
        this.#runReducer(callable, timestamp, firing.row.bytes);
        this.#removeSpent(firing);
      }
    } catch (cause) {
      log.addSystem('Error', `running ${firing.functionName} failed: ${messageOf(cause)}`);
    }
  }

  /** Runs a reducer after the current call, also if that call fails. */
  runSoon(name: string, args: Uint8Array): void {
    if (this.#immediate >= MAX_IMMEDIATE) throw new HostError('call/no-space');
    const { functions } = this.#pipeline.running;
    const reducer = functions.reducer(name) ?? functions.scheduled(name);
    if (!reducer || isProcedure(reducer)) throw new HostError('call/host-failure', `no such reducer: ${name}`);
    const fault = faultOfArgs('reducer', reducer, args);
    if (fault !== undefined) throw new HostError('row/undecodable', fault);
    this.#immediate++;
    this.#world.setTimer(0, () => {
      this.#immediate--;
      if (!this.#pipeline.refusal) this.#runReducer(reducer, this.#world.now(), args);
    });
  }

  #runReducer(reducer: Callable<ReducerDef>, timestamp: bigint, args: Uint8Array): void {
    const outcome = this.#pipeline.run(reducer, this.#sender, timestamp, args);
    if (outcome.kind === 'committed' || outcome.kind === 'internal') return;
    this.#pipeline.log.addSystem('Error', `reducer ${reducer.def.name} failed: ${outcome.message}`);
  }

  #removeSpent(firing: Firing): void {
    const row = firing.spent();
    if (row) this.#pipeline.remove(firing.table, row);
  }
}
