// The client's own agent: registered, attached to every connection, kept alive.

import { LIMITS, type AgentStatus } from '@agora/module/contract';
import type { Connection } from '../connection/connection.ts';
import { AgoraError, ConnectionError, TimeoutError, toAgoraError, type AgoraCode } from '../base/errors.ts';
import { isObject } from '../base/is-object.ts';
import { LiveQuery } from '../connection/live-query.ts';
import type { Session } from '../connection/session.ts';
import type { WaitOptions } from '../base/waiting.ts';
import type { AgentRow } from './agents.ts';

/** What an agent says of itself. */
export interface Registration {
  /** `specialist`, `worker`, `coordinator`, or whatever else it is. */
  readonly agentType: string;
  readonly capabilities?: readonly string[] | undefined;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  /** How many deliveries it is offered at once; by default 32. */
  readonly credit?: number | undefined;
  /** Whether the highest priority always comes first, whatever waits how long. */
  readonly strictPriority?: boolean | undefined;
}

/** How an agent is taken up. */
export interface ReceiveOptions extends WaitOptions {
  /**
   * Whether its messages come here, which is the default. Without that the client only speaks as the agent, and hears the
   * answers to what it asks: nothing is offered to it, and whoever serves the agent goes on undisturbed.
   */
  readonly receives?: boolean | undefined;
  /** Whether notices that are told here stay in the inbox, for whoever takes them later. By default they have been heard. */
  readonly keepsNotices?: boolean | undefined;
}

/** Registers the agent of this client, attaches it to every session, and keeps it alive. */
export class OwnAgent {
  readonly name: string;
  readonly #connection: Connection;
  readonly #inbox: LiveQuery;
  readonly #row: LiveQuery;
  #id: bigint | undefined;
  #credit: number = LIMITS.defaultCredit;
  #isWanted = false;
  #receives = true;
  #keepsNotices = false;
  #heartbeat: ReturnType<typeof setInterval> | undefined;

  constructor(name: string, connection: Connection, inbox: LiveQuery) {
    this.name = name;
    this.#connection = connection;
    this.#inbox = inbox;
    // The name was checked, so it needs no escaping.
    this.#row = new LiveQuery(connection, {
      query: `SELECT * FROM agent WHERE name = '${name}'`,
      listen: db =>
        db.db.agent.onDelete((_, row) => {
          if (this.#isWanted && row.id === this.#id) this.#gone();
        }),
    });
  }

  /** The number of the agent, once it is registered. */
  get id(): bigint | undefined {
    return this.#id;
  }

  get credit(): number {
    return this.#credit;
  }

  /** Whether its messages come here. */
  get receives(): boolean {
    return this.#receives;
  }

  /** Whether notices stay in the inbox. */
  get keepsNotices(): boolean {
    return this.#keepsNotices;
  }

  /** The number of the agent. Throws `client/not-registered` when there is none. */
  mustId(): bigint {
    if (this.#id !== undefined) return this.#id;
    throw new AgoraError('client/not-registered', `call registerAgent() first; "${this.name}" is not registered yet`);
  }

  async register(registration: Registration, options: ReceiveOptions = {}): Promise<void> {
    const metadata = metadataOf(registration.metadata ?? {});
    const credit = creditOf(registration.credit ?? 0);
    const { name } = this;
    await Promise.all([
      this.#connection.call('register_agent', db =>
        db.reducers.registerAgent({
          name,
          agentType: registration.agentType,
          capabilities: [...(registration.capabilities ?? [])],
          metadata,
          credit,
          strictPriority: registration.strictPriority ?? false,
        }),
      ),
      this.#row.open(),
    ]);
    const row = await this.#ownRow();
    if (!row) throw new AgoraError('agent/unknown', `"${name}" was registered, but is gone already`);
    this.#credit = credit || LIMITS.defaultCredit;
    await this.#take(row, options);
  }

  /** Takes up the agent as it was registered before. */
  async takeUp(options: ReceiveOptions = {}): Promise<void> {
    await this.#row.open();
    const row = await this.#ownRow();
    if (!row) throw new AgoraError('agent/unknown', `no agent is named "${this.name}"; register it first`);
    await this.#take(row, options);
  }

  async #take(row: AgentRow, { receives = true, keepsNotices = false }: ReceiveOptions): Promise<void> {
    if (receives && row.presence === 'online' && !(this.#isWanted && this.#id === row.id)) this.#warnOfAnother();
    this.#id = row.id;
    this.#receives = receives;
    this.#keepsNotices = keepsNotices;
    this.#isWanted = receives;
    await Promise.all([
      this.#inbox.open(),
      receives && this.#connection.call('attach_agent', db => db.reducers.attachAgent({ agent: row.id })),
    ]);
    if (receives) this.#keepAlive();
  }

  async update(changes: Partial<Registration>): Promise<void> {
    const agent = this.mustId();
    const { agentType, capabilities, metadata, credit, strictPriority } = changes;
    await this.#connection.call('update_agent', db =>
      db.reducers.updateAgent({
        agent,
        agentType,
        capabilities: capabilities && [...capabilities],
        metadata: metadata && metadataOf(metadata),
        credit: credit === undefined ? undefined : creditOf(credit),
        strictPriority,
      }),
    );
    if (credit !== undefined) this.#credit = credit || LIMITS.defaultCredit;
  }

  async setStatus(status: AgentStatus): Promise<void> {
    const agent = this.mustId();
    await this.#connection.call('set_status', db => db.reducers.setStatus({ agent, status }));
  }

  async unregister(): Promise<void> {
    const agent = this.mustId();
    this.#stop();
    let isAgain = false;
    await this.#connection
      .call('unregister_agent', db => {
        const calling = db.reducers.unregisterAgent({ agent });
        // Called again after a lost connection: it was gone the first time.
        if (isAgain) return calling.catch((error: unknown) => ignore(error, 'agent/unknown'));
        isAgain = true;
        return calling;
      })
      .finally(() => (this.#id = undefined));
  }

  /** Lets go of the agent, which stays registered. */
  async detach(): Promise<void> {
    const agent = this.#id;
    const isAttached = this.#isWanted && agent !== undefined;
    this.#stop();
    const session = this.#connection.session;
    if (!isAttached || !session) return;
    await session.wait('detach_agent', DETACH_WITHIN_MS, db => db.reducers.detachAgent({ agent }));
  }

  /** Attaches the agent to a new connection. */
  async resume(session: Session): Promise<void> {
    const agent = this.#id;
    if (!this.#isWanted || agent === undefined) return;
    try {
      await session.wait('attach_agent', this.#connection.settings.callTimeoutMs, db =>
        db.reducers.attachAgent({ agent }),
      );
    } catch (error) {
      if (!(error instanceof AgoraError && GONE.has(error.code))) throw error;
      this.#gone();
    }
  }

  /** Somebody has unregistered it, or the hub has other data now: a client that only seemed to be an agent helps nobody. */
  #gone(): void {
    this.#stop();
    const sentence = `the hub has no "${this.name}" of this client any more: it was unregistered; start again to register it anew`;
    this.#connection.close(new AgoraError('agent/unknown', sentence));
  }

  /** All programs of a user are one identity, so the hub does not refuse a name that another of them has. */
  #warnOfAnother(): void {
    const sentence = `another process is attached to "${this.name}", or was a moment ago: both are given the same messages; choose another name, or end it`;
    this.#connection.warn(new AgoraError('agent/elsewhere', sentence));
  }

  #stop(): void {
    this.#isWanted = false;
    clearInterval(this.#heartbeat);
    this.#heartbeat = undefined;
  }

  /** The row of the agent, if there is one. Throws `agent/not-yours` when it is somebody else's. */
  async #ownRow(): Promise<AgentRow | undefined> {
    const session = await this.#connection.ready();
    for (const row of session.db.db.agent.iter()) {
      if (row.name !== this.name) continue;
      if (row.owner.isEqual(session.identity)) return row;
      throw new AgoraError('agent/not-yours', `agent "${this.name}" belongs to another identity`);
    }
    return undefined;
  }

  /** Says that the agent lives. A connection on which even that is not answered is dropped, and looked for anew. */
  #keepAlive(): void {
    const { heartbeatMs, callTimeoutMs } = this.#connection.settings;
    if (heartbeatMs === 0 || this.#heartbeat) return;
    this.#heartbeat = setInterval(() => {
      const session = this.#connection.session;
      const agent = this.#id;
      if (!session || agent === undefined) return;
      const timeoutMs = Math.min(heartbeatMs, callTimeoutMs);
      session
        .wait('heartbeat', timeoutMs, db => db.reducers.heartbeat({ agents: [agent], withinMs: 4 * heartbeatMs }))
        .catch((error: unknown) => {
          if (!(error instanceof TimeoutError)) return;
          session.lose(
            new ConnectionError('connection/lost', `the hub was silent for ${timeoutMs} ms`, { cause: error }),
          );
        });
    }, heartbeatMs);
  }
}

const DETACH_WITHIN_MS = 2_000;
/** How the hub says that the agent is not this client's any more. */
const GONE = new Set<string>(['agent/unknown', 'agent/not-yours']);

function ignore(error: unknown, code: AgoraCode): void {
  if (toAgoraError(error).code !== code) throw error;
}

function metadataOf(metadata: unknown): string {
  if (!isObject(metadata)) throw new AgoraError('agent/bad-metadata', 'metadata is an object');
  return JSON.stringify(metadata);
}

function creditOf(credit: number): number {
  if (Number.isInteger(credit) && credit >= 0 && credit <= LIMITS.maxCredit) return credit;
  throw new AgoraError('agent/bad-credit', `a credit is a whole number of at most ${LIMITS.maxCredit}, not ${credit}`);
}
