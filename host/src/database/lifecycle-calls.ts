// Lifecycle reducers: `init`, and those for clients that connect and disconnect.

import { assert, HostError, messageOf } from '../errors.ts';
import type { Lifecycle } from '../schema/definition.ts';
import type { ClientRecord, CommitExtra } from '../storage/storage.ts';
import type { World } from '../world.ts';
import type { CommitPipeline, Sender } from './commit-pipeline.ts';
import type { DeferredWrites } from './deferred-writes.ts';
import { FATAL_ERROR, type CallOutcome, type Caller } from './outcome.ts';

const NO_ARGS = new Uint8Array(0);

/** The connected clients of a database, and the reducers that run for them. */
export class LifecycleCalls {
  readonly #pipeline: CommitPipeline;
  readonly #deferred: DeferredWrites;
  readonly #world: World;
  readonly #clients = new Map<bigint, Caller>();

  constructor(pipeline: CommitPipeline, deferred: DeferredWrites, world: World) {
    this.#pipeline = pipeline;
    this.#deferred = deferred;
    this.#world = world;
  }

  /** The claims of a connected client. */
  claimsOf(connectionId: bigint): Uint8Array | undefined {
    return this.#clients.get(connectionId)?.claims;
  }

  /** Runs `init` and stores the program. Throws `publish/init-failed`. */
  init(owner: bigint, extra: CommitExtra): void {
    const outcome = this.#run('init', { identity: owner, connectionId: undefined }, extra);
    if (outcome.kind !== 'committed') throw new HostError('publish/init-failed', outcome.message);
  }

  /** Connects a client unless the module refuses it; see `Database.connect`. */
  connect(caller: Caller): CallOutcome {
    const { identity, connectionId, claims } = caller;
    assert(connectionId !== undefined, 'a client has a connection id');
    // An earlier client with this connection id may still wait to be disconnected.
    this.#deferred.flush();
    if (this.#clients.has(connectionId)) {
      // Two upgrades can be checked at the same time; the second one is refused here.
      return {
        kind: 'failed',
        message: 'the connection id belongs to a connected client',
        timestamp: this.#world.now(),
      };
    }
    this.#clients.set(connectionId, caller);
    const outcome = this.#run('onConnect', caller, { connected: { identity, connectionId, claims } });
    if (outcome.kind !== 'committed') this.#clients.delete(connectionId);
    return outcome;
  }

  /** Disconnects a client, later if the disk is behind; a no-op for one that is not connected. */
  disconnect(caller: Caller): void {
    const { connectionId } = caller;
    if (connectionId === undefined || !this.#clients.has(connectionId)) return;
    const { refusal } = this.#pipeline;
    if (!refusal) this.#disconnectNow(caller, connectionId);
    else if (refusal.code === 'storage/overloaded') {
      this.#deferred.add(() => this.#disconnectNow(caller, connectionId));
    }
    // The stored client is disconnected when the database is opened again.
    else this.#clients.delete(connectionId);
  }

  /** Disconnects the clients that were connected when the last process ended. */
  disconnectAll(clients: readonly ClientRecord[]): void {
    for (const client of clients) this.#clients.set(client.connectionId, client);
    for (const client of clients) this.disconnect(client);
  }

  #disconnectNow(caller: Caller, connectionId: bigint): void {
    const extra: CommitExtra = { disconnected: connectionId };
    const outcome = this.#run('onDisconnect', caller, extra);
    if (outcome.kind !== 'committed') {
      this.#pipeline.log.addSystem('Error', `client_disconnected failed: ${outcome.message}`);
      this.#pipeline.write({ extra }, () => undefined);
    }
    this.#clients.delete(connectionId);
  }

  #run(lifecycle: Lifecycle, sender: Sender, extra: CommitExtra): CallOutcome {
    const reducer = this.#pipeline.running.functions.lifecycle(lifecycle);
    const timestamp = this.#world.now();
    const isDryRun = this.#pipeline.failure !== undefined;
    if (isDryRun && !reducer) return this.#pipeline.unchanged(timestamp);
    if (!reducer) return this.#pipeline.write({ extra }, () => undefined).outcome;
    try {
      return this.#pipeline.run(reducer, sender, timestamp, NO_ARGS, { extra, isDryRun });
    } catch (cause) {
      // The module cannot run at all. A client leaves all the same, and its socket is no place for an error.
      this.#pipeline.log.addSystem('Error', `running ${reducer.def.name} failed: ${messageOf(cause)}`);
      return { kind: 'internal', message: FATAL_ERROR, timestamp };
    }
  }
}
