// The agent of this client: registration, attachment to every connection, heartbeats.

import type { DbConnection } from '@agora/bindings';
import { LIMITS, type AgentStatus } from '@agora/module/contract';
import type { Connection } from '../connection/connection.ts';
import { AgoraError, ConnectionError, TimeoutError, toAgoraError, type AgoraCode } from '../base/errors.ts';
import { createId } from '../base/create-id.ts';
import { watchLoop } from '../base/loop-watch.ts';
import { parseObject } from '../base/json.ts';
import { isObject } from '../base/is-object.ts';
import { LiveQuery } from '../connection/live-query.ts';
import type { Session } from '../connection/session.ts';
import { settleWithin, untilAborted, type WaitOptions } from '../base/waiting.ts';
import { marked, marksOf, type Marks } from './takeover.ts';
import type { AgentRow } from './agents.ts';
import { checkRegistration, creditOf, metadataOf, type Registration } from './registration.ts';

/** What a client receives as its agent. */
export interface ReceiveOptions extends WaitOptions {
  /**
   * False for a client that only sends as the agent and receives the answers to its asks: it takes no messages, and the
   * process that serves the agent is not affected. Default true.
   */
  readonly receives?: boolean | undefined;
  /**
   * If another process serves the agent, and does not end within two seconds: `refuse` (default) throws `agent/in-use`;
   * `takeOver` ends the client there (`agent/taken-over`), and its unfinished messages come here; `share` lets both processes
   * handle every message, with the warning `agent/elsewhere`.
   */
  readonly ifServed?: 'refuse' | 'takeOver' | 'share' | undefined;
  /**
   * True if reported notices stay in the inbox until `acknowledgeNotice`, or for a later client of the agent; the `notice`
   * event then reports awaited answers, too. Default false: they are acknowledged.
   */
  readonly keepsNotices?: boolean | undefined;
}

/** The state of this process that the hub learns when its agent is attached. */
export interface ProcessState {
  /** The deliveries that it holds. */
  readonly held: () => Iterable<{ readonly delivery: bigint; readonly attempt: number }>;
  /** How many deliveries it handles at a time; 0 if it does not know. */
  readonly concurrency: () => number;
}

/** Registers the agent of this client, attaches it to every session, and keeps it alive. */
export class OwnAgent {
  readonly name: string;
  readonly #connection: Connection;
  readonly #inbox: LiveQuery;
  readonly #process: ProcessState;
  readonly #row: LiveQuery;
  /** The concurrency that the hub knows. */
  #declared = 0;
  #id: bigint | undefined;
  #credit: number = LIMITS.defaultCredit;
  #isWanted = false;
  #receives = true;
  #keepsNotices = false;
  /** Change when another client takes the agent over, or shares it. */
  #marks: Marks = {};
  readonly #watchers = new Set<() => void>();
  #stopWatch: (() => void) | undefined;
  #heartbeat: ReturnType<typeof setInterval> | undefined;

  constructor(name: string, connection: Connection, inbox: LiveQuery, process: ProcessState) {
    this.name = name;
    this.#process = process;
    this.#connection = connection;
    this.#inbox = inbox;
    // The name was checked, so it needs no escaping.
    this.#row = new LiveQuery(connection, {
      query: `SELECT * FROM agent WHERE name = '${name}'`,
      listen: db => {
        db.db.agent.onDelete((_, row) => {
          if (this.#isWanted && row.id === this.#id) this.#unregistered();
        });
        db.db.agent.onUpdate((_, _old, row) => this.#changed(row));
      },
    });
  }

  /** Number of the agent, once it is registered. */
  get id(): bigint | undefined {
    return this.#id;
  }

  get credit(): number {
    return this.#credit;
  }

  /** True if this client takes the agent's messages. */
  get receives(): boolean {
    return this.#receives;
  }

  /** True if reported notices stay in the inbox. */
  get keepsNotices(): boolean {
    return this.#keepsNotices;
  }

  /** Returns the number of the agent. Throws `client/not-registered`. */
  mustId(): bigint {
    if (this.#id !== undefined) return this.#id;
    throw new AgoraError('client/not-registered', `call registerAgent() first; "${this.name}" is not registered yet`);
  }

  async register(registration: Registration, options: ReceiveOptions = {}): Promise<void> {
    checkRegistration(registration);
    metadataOf(registration.metadata ?? {});
    const credit = creditOf(registration.credit ?? 0);
    const { name } = this;
    await this.#row.open();
    await this.#claim(await this.#foundRow(), options);
    await this.#connection.call('register_agent', db =>
      db.reducers.registerAgent({
        name,
        agentType: registration.agentType,
        capabilities: [...(registration.capabilities ?? [])],
        metadata: this.#metadataOf(registration.metadata ?? {}),
        credit,
        strictPriority: registration.strictPriority ?? false,
      }),
    );
    const row = await this.#ownRow();
    if (!row) throw new AgoraError('agent/unknown', `"${name}" was registered and immediately unregistered again`);
    this.#credit = credit || LIMITS.defaultCredit;
    await this.#take(row, options);
  }

  /** Attaches to the agent with its stored registration. */
  async takeUp(options: ReceiveOptions = {}): Promise<void> {
    await this.#row.open();
    const row = await this.#ownRow();
    if (!row) throw new AgoraError('agent/unknown', `no agent is named "${this.name}"; register it first`);
    await this.#claim(row, options);
    await this.#take(row, options);
  }

  async #take(row: AgentRow, { receives = true, keepsNotices = false }: ReceiveOptions): Promise<void> {
    const isNew = !(this.#isWanted && this.#id === row.id);
    this.#id = row.id;
    this.#marks = { ...marksOf(row.metadata), ...this.#marks };
    this.#receives = receives;
    this.#keepsNotices = keepsNotices;
    this.#isWanted = receives;
    await Promise.all([
      this.#inbox.open(),
      receives && this.#connection.call('attach_process', db => this.#attach(db, row.id, isNew)),
    ]);
    if (!receives) return;
    this.#keepAlive();
    this.#stopWatch ??= watchLoop(ms => this.#warnOfPause(ms));
  }

  async update(changes: Partial<Registration>): Promise<void> {
    const agent = this.mustId();
    checkRegistration(changes);
    const { agentType, capabilities, metadata, credit, strictPriority } = changes;
    await this.#connection.call('update_agent', db =>
      db.reducers.updateAgent({
        agent,
        agentType,
        capabilities: capabilities && [...capabilities],
        metadata: metadata && this.#metadataOf(metadata),
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
        // A repeated call after a loss: the first one may have unregistered it.
        if (isAgain) return calling.catch((error: unknown) => ignore(error, 'agent/unknown'));
        isAgain = true;
        return calling;
      })
      .finally(() => (this.#id = undefined));
  }

  /** Detaches from the agent, which stays registered. */
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
    const row = this.#rowIn(session);
    if (row) this.#changed(row);
    if (!this.#isWanted) return;
    try {
      const { callTimeoutMs } = this.#connection.settings;
      await session.wait('attach_process', callTimeoutMs, db => this.#attach(db, agent, false));
    } catch (error) {
      if (!(error instanceof AgoraError && LOST_AGENT.has(error.code))) throw error;
      this.#unregistered();
    }
  }

  #attach(db: DbConnection, agent: bigint, isNew: boolean): Promise<void> {
    const concurrency = this.#process.concurrency();
    this.#declared = concurrency;
    const holds = isNew ? [] : this.#process.held();
    return db.reducers.attachProcess({ agent, isNew, holds: [...holds], concurrency });
  }

  /** Reports how many deliveries this client handles at a time, if that has changed. */
  declareConcurrency(): void {
    const agent = this.#id;
    const concurrency = this.#process.concurrency();
    const session = this.#connection.session;
    // The next attachment reports it, too.
    if (!this.#isWanted || agent === undefined || !session || concurrency === this.#declared) return;
    this.#declared = concurrency;
    session
      .wait('declare_concurrency', this.#connection.settings.callTimeoutMs, db =>
        db.reducers.declareConcurrency({ agent, concurrency }),
      )
      .catch((error: unknown) => {
        if (!(error instanceof AgoraError)) throw error;
        this.#declared = 0;
      });
  }

  /** Closes the client: its agent was unregistered by another client, or the hub has other data now. */
  #unregistered(): void {
    this.#stop();
    const sentence = `"${this.name}" of this client was unregistered; start again to register it again`;
    this.#connection.close(new AgoraError('agent/unknown', sentence));
  }

  /**
   * Waits until no other process serves the agent, takes it over, or shares it. All programs of a user are one identity, so the
   * hub does not refuse their common name.
   */
  async #claim(
    row: AgentRow | undefined,
    { receives = true, ifServed = 'refuse', signal }: ReceiveOptions,
  ): Promise<void> {
    if (!CHOICES.has(ifServed))
      throw new AgoraError('client/bad-option', `ifServed is refuse, takeOver or share, not "${ifServed}"`);
    if (!receives || row?.presence !== 'online' || (this.#isWanted && this.#id === row.id)) return;
    if (ifServed === 'takeOver') await this.#announce(row, 'takenOver');
    if (ifServed !== 'share') {
      await untilAborted(signal, settleWithin(ENDS_WITHIN_MS, this.#whenOffline()));
      if ((await this.#ownRow())?.presence !== 'online') return;
    }
    if (ifServed === 'refuse') {
      const sentence = `another process serves "${this.name}"; end it, use another name, or register with ifServed: 'takeOver' or 'share'`;
      throw new AgoraError('agent/in-use', sentence);
    }
    // The other processes learn of it, too.
    await this.#announce(row, 'shared');
    this.#warnOfSharing();
  }

  #warnOfSharing(): void {
    const sentence = `another process is attached to "${this.name}" too: both get the same messages`;
    this.#connection.warn(new AgoraError('agent/elsewhere', sentence));
  }

  /** Writes a mark of this client, which the other clients of the agent see. */
  async #announce(row: AgentRow, kind: keyof Marks): Promise<void> {
    this.#marks = { ...marksOf(row.metadata), [kind]: createId() };
    const metadata = this.#metadataOf(parseObject(row.metadata));
    await this.#connection.call('update_agent', db =>
      db.reducers.updateAgent({
        agent: row.id,
        agentType: undefined,
        capabilities: undefined,
        metadata,
        credit: undefined,
        strictPriority: undefined,
      }),
    );
  }

  /** Resolves once the agent is not online. */
  #whenOffline(): Promise<void> {
    return new Promise(resolve => {
      const look = () => {
        const { session } = this.#connection;
        if (session && this.#rowIn(session)?.presence === 'online') return;
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
      look();
    });
  }

  #changed(row: AgentRow): void {
    for (const look of [...this.#watchers]) look();
    if (!this.#isWanted || row.id !== this.#id) return;
    const { takenOver, shared } = marksOf(row.metadata);
    if (shared !== undefined && shared !== this.#marks.shared) {
      this.#marks = { ...this.#marks, shared };
      this.#warnOfSharing();
    }
    if (takenOver === undefined || takenOver === this.#marks.takenOver) return;
    this.#stop();
    const sentence = `another process has taken "${this.name}" over from this client`;
    this.#connection.close(new AgoraError('agent/taken-over', sentence));
  }

  #metadataOf(metadata: Readonly<Record<string, unknown>>): string {
    return metadataOf(isObject(metadata) ? marked(metadata, this.#marks) : metadata);
  }

  #warnOfPause(ms: number): void {
    const seconds = Math.round(ms / 1_000);
    const limit = SILENT_MS / 1_000;
    const effect =
      ms < SILENT_MS
        ? `after about ${limit} s the hub gives its messages to others`
        : 'the hub may have given its messages to others, and then refuses their results here';
    const sentence = `the event loop did not run for ${seconds} s: ${effect}; run long work in a worker thread`;
    this.#connection.warn(new AgoraError('client/loop-blocked', sentence));
  }

  #stop(): void {
    this.#isWanted = false;
    clearInterval(this.#heartbeat);
    this.#heartbeat = undefined;
    this.#stopWatch?.();
    this.#stopWatch = undefined;
  }

  /** Returns the row of the agent, if there is one. Throws `agent/not-yours` for an agent of another identity. */
  async #ownRow(): Promise<AgentRow | undefined> {
    const session = await this.#connection.ready();
    const row = this.#rowIn(session);
    if (!row || row.owner.isEqual(session.identity)) return row;
    throw new AgoraError('agent/not-yours', `agent "${this.name}" belongs to another identity`);
  }

  /** Returns the row of the agent if it belongs to this identity; the hub refuses a registration of another one. */
  async #foundRow(): Promise<AgentRow | undefined> {
    const session = await this.#connection.ready();
    const row = this.#rowIn(session);
    return row?.owner.isEqual(session.identity) ? row : undefined;
  }

  #rowIn({ db }: Session): AgentRow | undefined {
    for (const row of db.db.agent.iter()) if (row.name === this.name) return row;
    return undefined;
  }

  /** Sends heartbeats. A connection without an answer to one is dropped and reopened. */
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
/** How long a new process waits for the end of an earlier one. */
const ENDS_WITHIN_MS = 2_000;
/** A silent connection is dropped after 30 s, and its messages go back 15 s later. */
const SILENT_MS = 45_000;
const CHOICES = new Set(['refuse', 'takeOver', 'share']);
/** Refusals of an agent that this client no longer has. */
const LOST_AGENT = new Set<string>(['agent/unknown', 'agent/not-yours']);

function ignore(error: unknown, code: AgoraCode): void {
  if (toAgoraError(error).code !== code) throw error;
}
