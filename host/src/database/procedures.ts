// Functions that open their transactions themselves: procedures and HTTP handlers.

import type { Activation } from '../guest/activation.ts';
import type { ProcedureDef } from '../schema/definition.ts';
import type { World } from '../world.ts';
import type { Callable } from './functions.ts';
import { responseOf, findHandler, noHandler, encodeHandlerRequest, type RequestHeaders } from './handlers.ts';
import type { HandlerResponse, ProcedureOutcome } from './outcome.ts';
import type { CommitPipeline, Sender } from './commit-pipeline.ts';

/** An HTTP request for the module. */
export interface HandlerRequest {
  readonly method: string;
  /** The part after `/route`. */
  readonly path: string;
  /** The absolute URL. */
  readonly url: string;
  readonly headers: RequestHeaders;
  readonly body: Uint8Array;
}

/** Runs procedures and handlers, one at a time. */
export class Procedures {
  readonly #pipeline: CommitPipeline;
  readonly #world: World;

  constructor(pipeline: CommitPipeline, world: World) {
    this.#pipeline = pipeline;
    this.#world = world;
  }

  /** Runs a procedure with checked arguments. */
  run(
    { def }: Callable<ProcedureDef>,
    { identity, connectionId }: Sender,
    timestamp: bigint,
    args: Uint8Array,
  ): ProcedureOutcome {
    const startedAt = this.#world.monotonic();
    const { guest } = this.#pipeline.running.program;
    const ran = this.#runOpen(def.name, activation =>
      guest.callProcedure(def.id, identity, connectionId, timestamp, args, activation),
    );
    if (ran.kind === 'returned') {
      const durationMicros = BigInt(Math.round((this.#world.monotonic() - startedAt) * 1000));
      return { kind: 'returned', value: ran.value, timestamp, durationMicros };
    }
    if (ran.kind === 'threw') this.#pipeline.logThrown(def.name, ran.thrown);
    const message = ran.kind === 'threw' ? ran.thrown.message : ran.message;
    return failedProcedure(`The module instance encountered a fatal error: ${message}`);
  }

  /** Runs the handler for a request. */
  handle({ method, path, url, headers, body }: HandlerRequest): HandlerResponse {
    const { guest, def } = this.#pipeline.running.program;
    const handler = findHandler(def, method, path);
    if (!handler) return noHandler();
    const request = encodeHandlerRequest(method, url, headers);
    const ran = this.#runOpen(handler.name, activation =>
      guest.callHandler(handler.id, this.#world.now(), request, body, activation),
    );
    if (ran.kind === 'threw') this.#pipeline.logThrown(handler.name, ran.thrown);
    return responseOf(ran);
  }

  /** Runs a function, and rolls back a transaction that it left open. */
  #runOpen<T>(functionName: string, run: (activation: Activation) => T): T {
    const activation: Activation = { functionName, tx: undefined, control: this.#pipeline.control };
    try {
      return run(activation);
    } finally {
      if (activation.tx) {
        activation.tx.rollback();
        this.#pipeline.log.addSystem('Error', `${functionName} left a transaction open; it was rolled back`);
      }
    }
  }
}

/** The outcome of a procedure that did not run or did not return. */
export function failedProcedure(message: string): ProcedureOutcome {
  return { kind: 'internal-error', message, timestamp: 0n, durationMicros: 0n };
}
