// Wiring of one client: creates its parts, and starts, pauses and ends them together.

import { LIMITS } from '@agora/module/contract';
import { openOutboxFile } from '#platform';
import { deferred } from './base/deferred.ts';
import { Acts } from './acts/acts.ts';
import { Agents } from './agents/agents.ts';
import { Asks } from './send/asks.ts';
import { Broadcasts } from './receive/broadcasts.ts';
import { CheckedTypes } from './receive/checked-types.ts';
import { Claims } from './claims/claims.ts';
import type { ClientEvents, CloseOptions } from './client-types.ts';
import { Connection } from './connection/connection.ts';
import type { Settings } from './connection/settings.ts';
import { Dispatcher } from './receive/dispatcher.ts';
import { Emitter } from './base/emitter.ts';
import { AgoraError, callbackFailed, ConnectionError, isPermanent, stackOf } from './base/errors.ts';
import { Events } from './events/events.ts';
import { Groups } from './agents/groups.ts';
import { History } from './send/history.ts';
import { Inbox } from './receive/inbox.ts';
import type { AgoraTypes } from './wire/message-types.ts';
import { Messages } from './send/messages.ts';
import { Operator } from './agents/operator.ts';
import { readOptions, type AgoraClientOptions } from './options.ts';
import { Outbox, type OutboxNote } from './acts/outbox.ts';
import { OwnAgent } from './agents/own-agent.ts';
import { readAsk } from './send/read-ask.ts';
import { readSignals } from './send/read-signals.ts';
import { settleWithin } from './base/waiting.ts';
import { Tracing } from './trace/tracing.ts';
import { Mail } from './receive/mail.ts';
import { Workflows } from './workflows/workflows.ts';

const FLUSH_WITHIN_MS = 5_000;
const DRAIN_WITHIN_MS = 5_000;

/** The parts of one client, which are passive until its connection opens. */
export class ClientParts {
  readonly emitter = new Emitter<ClientEvents>((name, thrown) => {
    const error = callbackFailed(`a listener of "${name}"`, thrown);
    // A failing listener of warnings would fail again.
    if (name === 'warning') console.warn(warningText(error));
    else this.#warn(error);
  });
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
  readonly claims: Claims;
  readonly history: History;
  readonly mail: Mail;
  readonly outbox: Outbox | undefined;
  /** Called once the connection is closed, with its error. */
  readonly endings = new Set<(error: Error | undefined) => void>();
  #offlineTimer: ReturnType<typeof setInterval> | undefined;
  #closing: Promise<void> | undefined;
  #isClosing = false;
  /** Settled by a second `close` that does not wait. */
  readonly #hurried = deferred<void>();

  /** Throws `agent/bad-name`, `client/bad-option`. */
  constructor(name: string, options: AgoraClientOptions<AgoraTypes>) {
    const settings = readOptions(name, options);
    const warn = (error: AgoraError) => this.#warn(error);
    const types = new CheckedTypes(options.types, warn);
    this.types = types;
    const tracing = new Tracing({ name, server: settings.server }, options.openTelemetry);
    this.tracing = tracing;
    const connection = new Connection(settings, {
      changed: (state, error) => {
        this.emitter.emit('connection', { state, error });
        if (state === 'closed') for (const end of [...this.endings]) end(error);
      },
      warn,
    });
    this.connection = connection;
    // Before the subscriptions, so that their rows show the deliveries that the agent claims.
    connection.onOpen(session => this.agent.resume(session));
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
      readAsk: id => readAsk(connection, agent(), id),
      cancel: (id, reason) => this.messages.cancel(id, reason),
      warn,
      reply: (...reply) => this.messages.reply(...reply),
    });
    this.inbox = new Inbox({
      connection,
      acts,
      dispatcher,
      // A closing client takes no further deliveries.
      agent: () => (this.#isClosing ? undefined : this.agent.id),
      receives: () => this.agent.receives,
      isAsked: about => this.asks.has(about),
      noticed: notice => {
        const isAwaited = this.asks.settle(notice);
        // The caller of `claim` has it already.
        if (this.claims.isAwaited(notice.payload)) return true;
        if (isAwaited && !this.agent.keepsNotices) return true;
        this.emitter.emit('notice', notice);
        return !this.agent.keepsNotices;
      },
      signalled: signal => this.asks.signal(signal),
      shown: () => this.mail.arrived(),
    });
    this.agent = new OwnAgent(name, connection, this.inbox.query, {
      held: () => this.inbox.held(),
      concurrency: () => dispatcher.concurrency,
    });
    dispatcher.changed = () => queueMicrotask(() => this.agent.declareConcurrency());
    this.agents = new Agents(connection);
    this.messages = new Messages({
      acts,
      asks: this.asks,
      targets: async () => new Set([...(await this.agents.targets()), ...(await this.groups.names().catch(() => []))]),
      sender: agent,
      types,
      tracing,
      outbox,
    });
    this.broadcasts = new Broadcasts({ connection, acts, dispatcher, arrived: () => this.mail.arrived() });
    this.events = new Events({ connection, acts, sender: agent, types, tracing, outbox });
    this.workflows = new Workflows({ connection, acts, events: this.events, agents: this.agents, initiator: agent });
    this.groups = new Groups(connection, agent);
    this.claims = new Claims(name, { connection, acts, agent });
    this.history = new History(connection, agent);
    this.mail = new Mail({
      connection,
      dispatcher,
      agent,
      lastOffer: () => this.inbox.lastOffer,
      lastBroadcast: () => this.broadcasts.last,
      listen: id => this.broadcasts.listen(id),
    });
    this.#followConnection(settings);
  }

  /** Waits for the registration of the agent; then receives its messages, and sends those of the outbox. */
  async begin(registering: Promise<void>): Promise<void> {
    await registering;
    this.dispatcher.credit = this.agent.credit;
    const agent = this.agent.mustId();
    if (this.agent.receives) {
      // An earlier `receives: false` has ignored deliveries that are still shown.
      if (this.connection.session) this.inbox.review(this.connection.session.db);
      if (this.dispatcher.hasConsumers) await this.broadcasts.listen(agent);
    }
    await this.outbox?.play(agent);
  }

  /** Waits for running handlers, sends pending acts and closes the connection; idempotent. */
  close({ drainMs = DRAIN_WITHIN_MS }: CloseOptions = {}): Promise<void> {
    if (this.#isClosing && drainMs === 0) this.#hurried.resolve();
    this.#isClosing = true;
    this.#closing ??= this.#close(drainMs);
    return this.#closing;
  }

  async #close(drainMs: number): Promise<void> {
    const closed = new ConnectionError('client/closed', 'the client was closed');
    // Results of handlers can only be sent through a connection.
    const draining = this.dispatcher.drain(this.connection.session ? drainMs : 0, closed);
    await Promise.race([draining, this.#hurried.promise]);
    this.broadcasts.close(closed);
    this.inbox.close(closed);
    if (this.connection.session) {
      this.claims.close();
      await settleWithin(FLUSH_WITHIN_MS, this.acts.flushed());
      await this.agent.detach().catch((error: unknown) => {
        // The attachment ends with the connection.
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
      noted: (note: OutboxNote) => void this.emitter.emit('outbox', note),
      warn: (error: AgoraError) => this.#warn(error),
    };
    return new Outbox(parts, options, store ?? (file === undefined ? undefined : openOutboxFile(file)));
  }

  #followConnection({ callTimeoutMs, offlineTimeoutMs }: Settings): void {
    const { connection, acts } = this;
    connection.onOpen(() => this.outbox?.resume());
    connection.onOpen(session => {
      clearInterval(this.#offlineTimer);
      acts.resume({
        perform: batch => session.wait('perform_acts', callTimeoutMs, db => db.reducers.performActs({ acts: batch })),
      });
    });
    connection.onLost(error => this.#lost(error, offlineTimeoutMs));
  }

  #lost(error: AgoraError, offlineTimeoutMs: number): void {
    this.acts.pause();
    clearInterval(this.#offlineTimer);
    if (this.connection.state === 'closed' || error.code !== 'connection/lost' || this.#isClosing)
      return this.#ended(error);
    this.outbox?.lost();
    this.#offlineTimer = setInterval(() => {
      const lost = this.connection.lossAfter(offlineTimeoutMs);
      this.acts.giveUp(lost);
      this.asks.failAll(lost);
    }, offlineTimeoutMs);
  }

  /** Ends all parts with the connection. */
  #ended(error: AgoraError): void {
    this.outbox?.end(error);
    this.acts.end(error);
    this.dispatcher.end(error.code === 'client/closed' ? undefined : error);
    this.mail.end(error);
    this.asks.failAll(error);
    this.inbox.close(error);
    this.broadcasts.close(error);
    this.events.close(error);
    this.workflows.close(error);
  }

  #warn(error: AgoraError): void {
    if (!this.emitter.emit('warning', error)) console.warn(warningText(error));
  }
}

/** Codes of errors in the program itself, which are shown with their stack. */
const OF_THE_PROGRAM = new Set<string>(['client/handler-failed', 'client/callback-failed']);

function warningText({ message, code, cause }: AgoraError): string {
  const text = `agora: ${message} (${code})`;
  const isBug = OF_THE_PROGRAM.has(code) && !isPermanent(cause);
  return isBug ? `${text}\n${stackOf(cause)}` : text;
}
