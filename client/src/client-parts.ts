// What a client is made of: its parts are joined here, and begin, pause and end together.

import { LIMITS } from '@agora/module/contract';
import { openOutboxFile } from '#platform';
import { Acts } from './acts.ts';
import { Agents } from './agents.ts';
import { Asks } from './asks.ts';
import { Broadcasts } from './broadcasts.ts';
import { CheckedTypes } from './checked-types.ts';
import type { ClientEvents } from './client-types.ts';
import { Connection } from './connection.ts';
import { Dispatcher } from './dispatcher.ts';
import { Emitter } from './emitter.ts';
import { AgoraError, ConnectionError } from './errors.ts';
import { Events } from './events.ts';
import { Groups } from './groups.ts';
import { History } from './history.ts';
import { Inbox } from './inbox.ts';
import type { AgoraTypes } from './message-types.ts';
import { Messages } from './messages.ts';
import { Operator } from './operator.ts';
import { readOptions, type AgoraClientOptions, type Settings } from './options.ts';
import { Outbox, type OutboxNote } from './outbox.ts';
import { OwnAgent } from './registration.ts';
import { readSignals } from './signals.ts';
import { settleWithin } from './time.ts';
import { Tracing } from './tracing.ts';
import { Wake } from './wake.ts';
import { Workflows } from './workflows.ts';

const FLUSH_WITHIN_MS = 5_000;

/** The parts of one client. Nothing happens before its connection is opened. */
export class ClientParts {
  readonly emitter = new Emitter<ClientEvents>();
  readonly connection: Connection;
  readonly operator: Operator;
  readonly types: CheckedTypes;
  readonly tracing: Tracing;
  readonly acts = new Acts();
  readonly asks: Asks;
  readonly agents: Agents;
  readonly agent: OwnAgent;
  readonly dispatcher: Dispatcher;
  readonly inbox: Inbox;
  readonly broadcasts: Broadcasts;
  readonly messages: Messages;
  readonly events: Events;
  readonly workflows: Workflows;
  readonly groups: Groups;
  readonly history: History;
  readonly wake: Wake;
  readonly outbox: Outbox | undefined;
  /** Called with why, once the connection is closed. */
  readonly endings = new Set<(error: Error | undefined) => void>();
  #impatience: ReturnType<typeof setInterval> | undefined;
  #closing: Promise<void> | undefined;

  /** Throws `agent/bad-name`, `client/bad-option`. */
  constructor(name: string, options: AgoraClientOptions<AgoraTypes>) {
    const settings = readOptions(name, options);
    const types = new CheckedTypes(options.types);
    this.types = types;
    const tracing = new Tracing({ name, server: settings.server }, options.openTelemetry);
    this.tracing = tracing;
    const warn = (error: AgoraError) => this.#warn(error);
    const connection = new Connection(settings, {
      changed: (state, error) => {
        this.emitter.emit('connection', { state, error });
        if (state === 'closed') for (const end of [...this.endings]) end(error);
      },
      warn,
    });
    this.connection = connection;
    this.operator = new Operator(connection);
    const { acts } = this;
    const agent = () => this.agent.mustId();
    const outbox = this.#openOutbox(name, settings);
    this.outbox = outbox;
    const dispatcher = new Dispatcher(LIMITS.defaultCredit, warn, types, tracing);
    this.dispatcher = dispatcher;
    this.asks = new Asks({
      isConnected: () => connection.session !== undefined,
      readSignals: (id, after) => readSignals(connection, agent(), id, after),
      cancel: (id, reason) => this.messages.cancel(id, reason),
      reply: (...reply) => this.messages.reply(...reply),
    });
    this.inbox = new Inbox({
      connection,
      acts,
      dispatcher,
      // While leaving, nothing more is begun.
      agent: () => (this.#closing ? undefined : this.agent.id),
      receives: () => this.agent.receives,
      isAsked: about => this.asks.has(about),
      noticed: notice => {
        const isAwaited = this.asks.settle(notice);
        if (isAwaited && !this.agent.keepsNotices) return true;
        this.emitter.emit('notice', notice);
        return !this.agent.keepsNotices;
      },
      signalled: signal => this.asks.signal(signal),
      shown: () => this.wake.wake(),
    });
    this.agent = new OwnAgent(name, connection, this.inbox.query);
    this.agents = new Agents(connection);
    this.messages = new Messages({ acts, asks: this.asks, agents: this.agents, sender: agent, types, tracing, outbox });
    this.broadcasts = new Broadcasts({ connection, acts, dispatcher, said: () => this.wake.wake() });
    this.events = new Events({ connection, acts, sender: agent, types, tracing, outbox });
    this.workflows = new Workflows({ connection, acts, events: this.events, agents: this.agents, initiator: agent });
    this.groups = new Groups(connection, agent);
    this.history = new History(connection, agent);
    this.wake = new Wake({
      connection,
      dispatcher,
      agent,
      lastOffer: () => this.inbox.lastOffer,
      lastBroadcast: () => this.broadcasts.last,
      listen: id => this.broadcasts.listen(id),
    });
    this.#followConnection(settings);
  }

  /** The agent was registered or taken up: it receives, if it is to, and what the outbox holds is sent. */
  async begin(takingUp: Promise<void>): Promise<void> {
    await takingUp;
    this.dispatcher.credit = this.agent.credit;
    const agent = this.agent.mustId();
    if (this.agent.receives) {
      // It may have spoken as the agent before, and passed over what was shown meanwhile.
      if (this.connection.session) this.inbox.review(this.connection.session.db);
      if (this.dispatcher.hasConsumers) await this.broadcasts.listen(agent);
    }
    await this.outbox?.play(agent);
  }

  /** Leaves: what was done is sent, running handlers are told by their signal. May be called twice. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const closed = new ConnectionError('client/closed', 'the client was closed');
    this.broadcasts.close(closed);
    this.inbox.close(closed);
    if (this.connection.session) {
      await settleWithin(FLUSH_WITHIN_MS, this.acts.flushed());
      await this.agent.detach().catch((error: unknown) => {
        // The connection ends now anyway, and with it the attachment.
        if (!(error instanceof AgoraError)) throw error;
      });
    }
    this.connection.close(closed);
    await this.outbox?.close();
  }

  #openOutbox(name: string, { outbox: options }: Settings): Outbox | undefined {
    if (!options) return undefined;
    const { file, store } = options;
    const parts = {
      name,
      acts: this.acts,
      isConnected: () => this.connection.session !== undefined,
      told: (note: OutboxNote) => void this.emitter.emit('outbox', note),
      warn: (error: AgoraError) => this.#warn(error),
    };
    return new Outbox(parts, options, store ?? (file === undefined ? undefined : openOutboxFile(file)));
  }

  #followConnection({ callTimeoutMs, patienceMs }: Settings): void {
    const { connection, acts } = this;
    // After the subscriptions: what they show is compared with what was held before the agent is offered more.
    connection.onOpen(session => this.agent.resume(session));
    connection.onOpen(() => this.outbox?.resume());
    connection.onOpen(session => {
      clearInterval(this.#impatience);
      acts.resume({
        perform: batch => session.wait('perform_acts', callTimeoutMs, db => db.reducers.performActs({ acts: batch })),
      });
    });
    connection.onLost(error => this.#lost(error, patienceMs));
  }

  #lost(error: AgoraError, patienceMs: number): void {
    this.acts.pause();
    clearInterval(this.#impatience);
    if (this.connection.state === 'closed' || error.code !== 'connection/lost' || this.#closing)
      return this.#ended(error);
    this.outbox?.lost();
    this.#impatience = setInterval(() => {
      const lost = this.connection.lossAfter(patienceMs);
      this.acts.giveUp(lost);
      this.asks.failAll(lost);
    }, patienceMs);
  }

  /** The connection will not be back. */
  #ended(error: AgoraError): void {
    this.outbox?.end(error);
    this.acts.end(error);
    this.dispatcher.end(error.code === 'client/closed' ? undefined : error);
    this.wake.end(error);
    this.asks.failAll(error);
    this.inbox.close(error);
    this.broadcasts.close(error);
    this.events.close(error);
    this.workflows.close(error);
  }

  #warn(error: AgoraError): void {
    if (!this.emitter.emit('warning', error)) console.warn(`agora: ${error.message} (${error.code})`);
  }
}
