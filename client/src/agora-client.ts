// The hand an agent holds: everything it can do on a hub, as one object.

import { LIMITS, type AgentStatus } from '@agora/module/contract';
import { openOutboxFile } from '#platform';
import { Acts } from './acts.ts';
import { Agents, type AgentFilters, type AgentInfo } from './agents.ts';
import type { Answer } from './answer.ts';
import { Asks } from './asks.ts';
import { performBatch, type BatchAct } from './batch.ts';
import { Broadcasts } from './broadcasts.ts';
import { CheckedTypes } from './checked-types.ts';
import type { ClientEvents, CoordinationQuery, EventRequest, MessageOptions, WatchOptions } from './client-types.ts';
import { Connection, type ConnectOptions, type ConnectionState } from './connection.ts';
import { Dispatcher } from './dispatcher.ts';
import { Emitter } from './emitter.ts';
import { AgoraError, ConnectionError } from './errors.ts';
import type { EventHandler, EventSubscription } from './event-subscription.ts';
import { Events, type EventOptions, type OutgoingEvent } from './events.ts';
import { messageMatcher } from './filters.ts';
import { readSignals } from './signals.ts';
import { Groups, type GroupInfo } from './groups.ts';
import { History, type AgentUsage, type BroadcastInfo, type DeliveryInfo, type MessageRecord } from './history.ts';
import { Inbox } from './inbox.ts';
import type { IncomingMessage } from './incoming-message.ts';
import { LiveStream } from './live-stream.ts';
import { MessageSubscription, type MessageHandler } from './message-subscription.ts';
import type {
  AgoraTypes,
  AnswerOf,
  EventsMatching,
  EventTypeName,
  ExpectedType,
  MessageTypeName,
  NoTypes,
  TaskAction,
} from './message-types.ts';
import { Messages, type Accepted, type AnswerWithin, type ForwardOptions, type OutgoingMessage } from './messages.ts';
import { Operator } from './operator.ts';
import { readOptions, type AgoraClientOptions } from './options.ts';
import { Outbox, type OutboxNote } from './outbox.ts';
import { peekInbox, type InboxPeek } from './peek.ts';
import type { PendingAnswer } from './pending-answer.ts';
import { OwnAgent, type ReceiveOptions, type Registration } from './registration.ts';
import { taskOf, type TaskHandler } from './tasks.ts';
import { serve, type Served, type ServeOptions, type ServeParts } from './serve.ts';
import { settleWithin, untilAborted, type Waiting } from './time.ts';
import { currentTrace } from './trace-context.ts';
import { Tracing } from './tracing.ts';
import { turns, type TurnOptions, type TurnParts } from './turns.ts';
import { Wake, type TakeMailOptions, type WaitForMailOptions } from './wake.ts';
import { tracedDefinition, typeOf, type WorkflowDefinition } from './workflow-definition.ts';
import type { WorkflowHandle, WorkflowSummary } from './workflow-handle.ts';
import { Workflows } from './workflows.ts';

const CONCURRENCY = 8;
const FLUSH_WITHIN_MS = 5_000;
const MAX_STATES = 64;
const MAX_WATCHED = 1_024;

/** An agent's connection to a hub. Every method may throw an `AgoraError` with a stable `code`. */
export class AgoraClient<Types extends AgoraTypes = NoTypes> implements AsyncDisposable {
  /** What was declared, for the compiler alone. As a mapped type it has clients of any types pass where a plain one is expected. */
  declare readonly '~types'?: { readonly [Name in keyof Types]?: Types[Name] };
  readonly name: string;
  /** What operators see and steer. */
  readonly operator: Operator;
  readonly #emitter = new Emitter<ClientEvents>();
  readonly #connection: Connection;
  readonly #types: CheckedTypes;
  readonly #tracing: Tracing;
  readonly #watches = new Set<(error: Error | undefined) => void>();
  readonly #acts = new Acts();
  readonly #asks: Asks;
  readonly #agents: Agents;
  readonly #agent: OwnAgent;
  readonly #dispatcher: Dispatcher;
  readonly #inbox: Inbox;
  readonly #broadcasts: Broadcasts;
  readonly #messages: Messages;
  readonly #events: Events;
  readonly #workflows: Workflows;
  readonly #groups: Groups;
  readonly #history: History;
  readonly #wake: Wake;
  readonly #outbox: Outbox | undefined;
  #impatience: ReturnType<typeof setInterval> | undefined;
  #closing: Promise<void> | undefined;

  /** Nothing happens before `connect`. Throws `agent/bad-name`, `client/bad-option`. */
  constructor(name: string, options: AgoraClientOptions<Types> = {}) {
    const settings = readOptions(name, options);
    const types = new CheckedTypes(options.types);
    this.#types = types;
    const tracing = new Tracing({ name, server: settings.server }, options.openTelemetry);
    this.#tracing = tracing;
    this.name = name;
    const warn = (error: AgoraError) => this.#warn(error);
    const connection = new Connection(settings, {
      changed: (state, error) => {
        this.#emitter.emit('connection', { state, error });
        if (state === 'closed') for (const end of [...this.#watches]) end(error);
      },
      warn,
    });
    this.#connection = connection;
    this.operator = new Operator(connection);
    const acts = this.#acts;
    const agent = () => this.#agent.mustId();
    if (settings.outbox) {
      const { file, store } = settings.outbox;
      const parts = {
        name,
        acts,
        isConnected: () => connection.session !== undefined,
        told: (note: OutboxNote) => void this.#emitter.emit('outbox', note),
        warn,
      };
      this.#outbox = new Outbox(
        parts,
        settings.outbox,
        store ?? (file === undefined ? undefined : openOutboxFile(file)),
      );
    }
    const outbox = this.#outbox;
    this.#dispatcher = new Dispatcher(LIMITS.defaultCredit, warn, types, tracing);
    const dispatcher = this.#dispatcher;
    this.#asks = new Asks({
      isConnected: () => connection.session !== undefined,
      readSignals: (id, after) => readSignals(connection, agent(), id, after),
      cancel: (id, reason) => this.#messages.cancel(id, reason),
      reply: (...reply) => this.#messages.reply(...reply),
    });
    this.#inbox = new Inbox({
      connection,
      acts,
      dispatcher,
      // While leaving, nothing more is begun.
      agent: () => (this.#closing ? undefined : this.#agent.id),
      receives: () => this.#agent.receives,
      isAsked: about => this.#asks.has(about),
      noticed: notice => {
        if (!this.#asks.settle(notice)) this.#emitter.emit('notice', notice);
      },
      signalled: signal => this.#asks.signal(signal),
      shown: () => this.#wake.wake(),
    });
    this.#agent = new OwnAgent(name, connection, this.#inbox.query);
    this.#agents = new Agents(connection);
    this.#messages = new Messages({
      acts,
      asks: this.#asks,
      agents: this.#agents,
      sender: agent,
      types,
      tracing,
      outbox,
    });
    this.#broadcasts = new Broadcasts({ connection, acts, dispatcher, said: () => this.#wake.wake() });
    this.#events = new Events({ connection, acts, sender: agent, types, tracing, outbox });
    this.#workflows = new Workflows({ connection, acts, events: this.#events, agents: this.#agents, initiator: agent });
    this.#groups = new Groups(connection, agent);
    this.#history = new History(connection, agent);
    this.#wake = new Wake({
      connection,
      dispatcher,
      agent,
      lastOffer: () => this.#inbox.lastOffer,
      lastBroadcast: () => this.#broadcasts.last,
      listen: id => this.#broadcasts.listen(id),
    });
    // After the subscriptions: what they show is compared with what was held before the agent is offered more.
    connection.onOpen(session => this.#agent.resume(session));
    connection.onOpen(() => outbox?.resume());
    connection.onOpen(session => {
      clearInterval(this.#impatience);
      acts.resume({
        perform: batch =>
          session.wait('perform_acts', settings.callTimeoutMs, db => db.reducers.performActs({ acts: batch })),
      });
    });
    connection.onLost(error => this.#lost(error, settings.patienceMs));
  }

  /** The state of the connection. */
  get state(): ConnectionState {
    return this.#connection.state;
  }

  /** The identity that owns the agent, in hexadecimal, while connected. */
  get identity(): string | undefined {
    return this.#connection.session?.identity.toHexString();
  }

  /** The token of that identity: with it a later client is the same owner. */
  get token(): string | undefined {
    return this.#connection.session?.token;
  }

  /** Listens to what happens to the client; returns what ends it. */
  on<Name extends keyof ClientEvents>(name: Name, listener: (value: ClientEvents[Name]) => void): () => void {
    return this.#emitter.on(name, listener);
  }

  /**
   * The same as a loop, until the client is closed; lost for good, it throws why. `connection` begins with the state as it is, and a
   * slow loop gets the last 64 states; of anything else up to 1,024 wait, and one more ends the loop with `client/slow-reader`, so
   * that nothing is lost in silence.
   */
  watch<Name extends keyof ClientEvents>(name: Name, { signal }: WatchOptions = {}): LiveStream<ClientEvents[Name]> {
    const isState = name === 'connection';
    const stream = new LiveStream<ClientEvents[Name]>({
      what: `${String(name)}s`,
      most: isState ? MAX_STATES : MAX_WATCHED,
      whenFull: isState ? 'drop-oldest' : 'fail',
      signal,
      closed: () => {
        stop();
        this.#watches.delete(end);
      },
    });
    const stop = this.#emitter.on(name, value => stream.push(value));
    // The last state says itself why it is the last.
    const end = (error: Error | undefined) => stream.end(isState ? undefined : error);
    this.#watches.add(end);
    // The types cannot tell that only `connection` comes here.
    if (isState) stream.push({ state: this.state, error: undefined });
    if (this.state === 'closed') stream.end();
    return stream;
  }

  /**
   * Connects. Throws a `ConnectionError` that says why it cannot, or a `TimeoutError`; with `retryForMs` it tries again for so
   * long. Lost later, it reconnects by itself.
   */
  async connect(options: ConnectOptions = {}): Promise<void> {
    await Promise.all([this.#outbox?.open(), this.#tracing.open()]);
    await this.#connection.connect(options);
  }

  /** Registers this client's agent, or updates it, and receives its messages from now on. What the outbox holds is sent. */
  registerAgent(registration: Registration, options: ReceiveOptions = {}): Promise<void> {
    return untilAborted(options.signal, this.#begin(this.#agent.register(registration, options)));
  }

  /** Takes up this client's agent as it was registered before. Throws `agent/unknown`, `agent/not-yours`. */
  resumeAgent(options: ReceiveOptions = {}): Promise<void> {
    return untilAborted(options.signal, this.#begin(this.#agent.takeUp(options)));
  }

  /** Receives nothing more; what it holds can still be settled for a while (5 s). The agent stays registered. */
  detachAgent(): Promise<void> {
    return this.#agent.detach();
  }

  /** Changes what is given of the agent's registration. */
  async updateAgent(changes: Partial<Registration>, { signal }: Waiting = {}): Promise<void> {
    await untilAborted(signal, this.#agent.update(changes));
    this.#dispatcher.credit = this.#agent.credit;
  }

  /** Says how the agent is: `active`, `busy`, `away` or `draining`. */
  setStatus(status: AgentStatus, { signal }: Waiting = {}): Promise<void> {
    return untilAborted(signal, this.#agent.setStatus(status));
  }

  /** Gives the agent up: its unfinished messages are dead letters, its name is free. */
  async unregisterAgent(): Promise<void> {
    const gone = new AgoraError('agent/unknown', `"${this.name}" was unregistered`);
    this.#broadcasts.close(gone);
    this.#outbox?.rest();
    await this.#agent.unregister();
    this.#inbox.close(gone);
  }

  /** The agents that are wanted, in the order of their registration. */
  findAgents(filters: AgentFilters = {}, { signal }: Waiting = {}): Promise<AgentInfo[]> {
    return untilAborted(signal, this.#agents.find(filters));
  }

  /**
   * Follows who there is: the agents that are wanted, at once and again after each change, for as long as the loop goes on.
   * Between two turns of the loop changes add up; only the newest state is told.
   */
  watchAgents(
    filters: AgentFilters = {},
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): AsyncGenerator<readonly AgentInfo[], void> {
    return this.#agents.watch(filters, options.signal);
  }

  /** Asks for agents, or for the workflows that this client follows. */
  queryCoordinationData(query: Extract<CoordinationQuery, { type: 'agents' }>, options?: Waiting): Promise<AgentInfo[]>;
  queryCoordinationData(
    query: Extract<CoordinationQuery, { type: 'workflows' }>,
    options?: Waiting,
  ): Promise<WorkflowSummary[]>;
  async queryCoordinationData(
    query: CoordinationQuery,
    { signal }: Waiting = {},
  ): Promise<AgentInfo[] | WorkflowSummary[]> {
    if (query.type === 'agents') return untilAborted(signal, this.#agents.find(query.filters ?? {}));
    return untilAborted(signal, this.#workflows.find(query.filters?.status));
  }

  /**
   * Sends a message. Without `timeout` it settles once the hub has it; with one, with the answer. Throws a
   * `TimeoutError` when nobody answers in time, a `ConnectionError` when the connection is lost meanwhile.
   * Targets: a name, several, `#group`, `@capability`, or `*`.
   */
  sendMessage<const Type extends MessageTypeName<Types>>(
    message: OutgoingMessage<Type, Types> &
      AnswerWithin &
      ({ readonly timeout: number } | { readonly timeoutMs: number }),
  ): Promise<Answer<AnswerOf<Type, Types>>>;
  sendMessage<const Type extends MessageTypeName<Types>>(message: OutgoingMessage<Type, Types>): Promise<Accepted>;
  sendMessage(message: OutgoingMessage & AnswerWithin): Promise<Accepted | Answer> {
    const isAsk = message.timeout !== undefined || message.timeoutMs !== undefined;
    return isAsk ? this.#messages.ask(message, message) : this.#messages.send(message);
  }

  /** Asks: a promise of the answer, and until then a loop over its progress. Needs `timeout` or `timeoutMs`. */
  ask<const Type extends MessageTypeName<Types>>(
    message: OutgoingMessage<Type, Types> & AnswerWithin,
  ): PendingAnswer<AnswerOf<Type, Types>> {
    const pending: PendingAnswer<unknown> = this.#messages.ask(message, message);
    return pending as PendingAnswer<AnswerOf<Type, Types>>; // read by the schema of its type
  }

  /** Passes on a message that this agent sent or was given, as it is; the recipient reads where it came from. */
  forward(
    message: IncomingMessage | string,
    to: string | readonly string[],
    options: Omit<ForwardOptions, 'to' | 'toAgent'> = {},
  ): Promise<Accepted> {
    return this.#messages.forward(message, { ...options, to });
  }

  /** Calls off a message that this agent sent: what waits ends, who works on it is told by the `signal` of the handler. */
  cancel(messageId: string, reason = '', { signal }: Waiting = {}): Promise<void> {
    return untilAborted(signal, this.#asks.cancel(messageId, reason));
  }

  /** What became of a message that this agent sent, one entry a recipient. */
  messageStatus(messageId: string, { signal }: Waiting = {}): Promise<DeliveryInfo[]> {
    return untilAborted(signal, this.#history.messageStatus(messageId));
  }

  /** Who has handled a broadcast of this agent. */
  broadcastStatus(messageId: string, { signal }: Waiting = {}): Promise<BroadcastInfo> {
    return untilAborted(signal, this.#history.broadcastStatus(messageId));
  }

  /** What this agent sent, newest first, as far as it is kept. */
  sentMessages({ signal }: Waiting = {}): AsyncIterable<MessageRecord> {
    return this.#history.sent(signal);
  }

  /** What this agent was given and has ended, newest first, as far as it is kept. */
  receivedMessages({ signal }: Waiting = {}): AsyncIterable<MessageRecord> {
    return this.#history.received(signal);
  }

  /** The whole of a message that another one refers to (`onBehalfOf`, `forwarded`), or of that one itself. */
  readReference(message: IncomingMessage | string, id: string, { signal }: Waiting = {}): Promise<MessageRecord> {
    return untilAborted(signal, this.#history.reference(typeof message === 'string' ? message : message.id, id));
  }

  /** What this agent has used of its quotas. */
  agentUsage({ signal }: Waiting = {}): Promise<AgentUsage> {
    return untilAborted(signal, this.#history.usage());
  }

  /** What this agent holds and what waits for it, up to `limit` (256) entries. Nothing is taken. */
  peekInbox({ limit, signal }: { readonly limit?: number | undefined } & Waiting = {}): Promise<InboxPeek> {
    return untilAborted(signal, peekInbox(this.#connection, this.#agent.mustId(), limit));
  }

  /** Joins a group (`#name`); the first member makes it. */
  joinGroup(name: string, { signal }: Waiting = {}): Promise<void> {
    return untilAborted(signal, this.#groups.join(name));
  }

  /** Leaves a group; with the last member it ends. */
  leaveGroup(name: string, { signal }: Waiting = {}): Promise<void> {
    return untilAborted(signal, this.#groups.leave(name));
  }

  /** The groups this agent is in. */
  groups({ signal }: Waiting = {}): Promise<GroupInfo[]> {
    return untilAborted(signal, this.#groups.list());
  }

  /** The names of who is in a group that this agent is in. */
  groupMembers(name: string, { signal }: Waiting = {}): Promise<string[]> {
    return untilAborted(signal, this.#groups.members(name));
  }

  /** Goes idle until something comes. Throws `agent/has-mail` when there is something that this client has not seen. */
  goIdle({ signal }: Waiting = {}): Promise<void> {
    return untilAborted(signal, this.#wake.goIdle());
  }

  /**
   * For agents that work in turns, without a subscription: true as soon as there is mail, else goes idle and waits; false
   * when none came within `timeoutMs` (five minutes). Nothing falls between looking and sleeping. Then `takeMail`.
   */
  waitForMail(options: WaitForMailOptions = {}): Promise<boolean> {
    return this.#wake.waitForMail(options);
  }

  /** Takes up to `limit` (32) messages that no subscription wants, most important first; each is settled by hand (`ack`). */
  async takeMail(options: TakeMailOptions = {}): Promise<IncomingMessage[]> {
    const taken = await this.#wake.takeMail(options);
    this.#tracing.spans?.receive(taken);
    return taken;
  }

  /**
   * Handles what comes until it is told to stop, by `signal` or by a signal of the system; then lets what runs come to its end,
   * closes the client, and tells what was done. Rejects when the connection is lost for good.
   */
  serve<const Type extends string = never, const Action extends string = never, const Filter extends string = never>(
    options: ServeOptions<Type, Action, Filter, Types>,
  ): Promise<Served> {
    const agent = this.#agent.mustId();
    const parts: ServeParts = {
      tracing: this.#tracing,
      begin: async consumer => {
        this.#dispatcher.add(consumer, 'messages');
        await this.#broadcasts.listen(agent);
      },
      follow: (type, handler) => this.#events.subscribe([type], { handler }),
      setStatus: status => this.#agent.setStatus(status),
      goIdle: () => this.#wake.goIdle(),
      close: () => this.close(),
    };
    return serve(parts, options as unknown as ServeOptions); // each handler is given the type that it is for
  }

  /** For agents that work in turns: a loop over the mail of each turn, which sleeps in between. Each message is settled by hand (`ack`). */
  turns(options: TurnOptions = {}): AsyncIterable<readonly IncomingMessage[]> {
    this.#agent.mustId();
    const setStatus: TurnParts['setStatus'] = status => this.#agent.setStatus(status);
    const wake: TurnParts['wake'] = {
      waitForMail: wanted => this.waitForMail(wanted),
      takeMail: wanted => this.takeMail(wanted),
    };
    return turns({ wake, state: () => this.state, setStatus }, options);
  }

  /** Says something to everyone else. */
  broadcast<const Type extends MessageTypeName<Types>>(
    message: Omit<OutgoingMessage<Type, Types>, 'to' | 'toAgent'>,
  ): Promise<Accepted> {
    return this.#messages.send({ ...message, to: '*' });
  }

  /** Performs all of it in one transaction, or nothing. Returns the ids of what was sent and published, in order. */
  batch(acts: readonly BatchAct<Types>[]): Promise<readonly string[]> {
    return performBatch(
      { acts: this.#acts, messages: this.#messages, events: this.#events, tracing: this.#tracing },
      acts as unknown as readonly BatchAct[],
    ); // checked by their types
  }

  /**
   * Receives messages: with a handler, a few at a time by priority; without one, as an iterator whose messages are
   * acknowledged by hand. The types that are expected are named by the filter, or as `subscribeToMessages<'my_type'>`.
   */
  async subscribeToMessages<const Type extends string = ExpectedType<Types>>(
    options: MessageHandler<Type, Types> | MessageOptions<Type, Types> = {},
  ): Promise<MessageSubscription<Type, Types>> {
    const {
      handler,
      filters,
      concurrency = CONCURRENCY,
      signal,
    } = typeof options === 'function' ? { handler: options } : options;
    const subscription = new MessageSubscription<Type, Types>({
      wants: messageMatcher(filters),
      handler: handler as MessageHandler | undefined, // it is given the types that it is for
      concurrency,
      tracing: this.#tracing,
      signal,
      closed: (consumer, waiting) => this.#dispatcher.remove(consumer, waiting),
    });
    this.#dispatcher.add(subscription, 'messages');
    if (this.#agent.id !== undefined) await this.#broadcasts.listen(this.#agent.id);
    return subscription;
  }

  /** Handles steps of workflows that have this action, or any of them, or every one (`*`). */
  onTask<const Action extends TaskAction<Types> | '*'>(
    action: Action | readonly Action[],
    handler: TaskHandler<Action, Types>,
    options: { readonly concurrency?: number | undefined; readonly signal?: AbortSignal | undefined } = {},
  ): MessageSubscription {
    const actions = new Set<string>(typeof action === 'string' ? [action] : action);
    const subscription = new MessageSubscription({
      wants: message => {
        const task = taskOf(message);
        return task !== undefined && (actions.has('*') || actions.has(task.action));
      },
      handler: message => {
        const task = taskOf(message);
        return task && (handler as TaskHandler)(task, message); // it is given the actions that it is for
      },
      concurrency: options.concurrency ?? CONCURRENCY,
      tracing: this.#tracing,
      signal: options.signal,
      closed: (consumer, waiting) => this.#dispatcher.remove(consumer, waiting),
    });
    this.#dispatcher.add(subscription, 'tasks');
    return subscription;
  }

  /**
   * Follows events: exact types, a first segment with a wildcard (`build.*`), or all. Give a handler here, or one for
   * all with `onEvent`, or loop over what it returns.
   */
  async subscribeToEvents<const Filter extends string = string>(
    types: Filter | readonly Filter[] | EventRequest<Filter, Types> = {},
    options: EventOptions<EventsMatching<Filter, Types>, Types> = {},
  ): Promise<EventSubscription<EventsMatching<Filter, Types>, Types>> {
    const request = typeof types === 'string' ? { eventTypes: [types] } : isList(types) ? { eventTypes: types } : types;
    const { eventTypes = [], handler, from, signal } = { ...request, ...options };
    const asked = { handler: handler as EventHandler | undefined, from, signal }; // it is given the types that it is for
    const subscription: unknown = await this.#events.subscribe(eventTypes, asked);
    return subscription as EventSubscription<EventsMatching<Filter, Types>, Types>; // likewise
  }

  /** Handles the events of every subscription that has no handler of its own. */
  onEvent(handler: EventHandler): void {
    this.#events.onEvent(handler);
  }

  /** Publishes an event to everyone. */
  publishEvent<const Type extends EventTypeName<Types>>(
    event: OutgoingEvent<Type, Types>,
  ): Promise<{ readonly eventId: string }> {
    return this.#events.publish(event);
  }

  /** Starts a workflow, and follows it. */
  async startWorkflowCoordination(definition: WorkflowDefinition, { signal }: Waiting = {}): Promise<WorkflowHandle> {
    await untilAborted(signal, this.#types.checkSteps(definition));
    const start = (trace = currentTrace()) => this.#workflows.start(tracedDefinition(definition, trace));
    const { spans } = this.#tracing;
    return untilAborted(signal, spans ? spans.workflow(typeOf(definition), start) : start());
  }

  /** Follows a workflow by its id: for who started it, takes part in it, or is an operator. */
  workflow(id: string, { signal }: Waiting = {}): Promise<WorkflowHandle> {
    return untilAborted(signal, this.#workflows.follow(id));
  }

  /** Says yes to a step of a workflow that this client's agent is asked to approve. */
  approveStep(workflowId: string, step: string, comment = '', { signal }: Waiting = {}): Promise<void> {
    return untilAborted(signal, this.#workflows.approve(workflowId, step, comment));
  }

  /** Says no to it, which fails the step. */
  rejectStep(workflowId: string, step: string, comment = '', { signal }: Waiting = {}): Promise<void> {
    return untilAborted(signal, this.#workflows.reject(workflowId, step, comment));
  }

  /** Leaves: what was done is sent, running handlers are told by their signal. The agent stays registered. May be called twice. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const closed = new ConnectionError('client/closed', 'the client was closed');
    this.#broadcasts.close(closed);
    this.#inbox.close(closed);
    if (this.#connection.session) {
      await settleWithin(FLUSH_WITHIN_MS, this.#acts.flushed());
      await this.#agent.detach().catch((error: unknown) => {
        // The connection ends now anyway, and with it the attachment.
        if (!(error instanceof AgoraError)) throw error;
      });
    }
    this.#connection.close(closed);
    await this.#outbox?.close();
  }

  async #begin(takingUp: Promise<void>): Promise<void> {
    await takingUp;
    this.#dispatcher.credit = this.#agent.credit;
    const agent = this.#agent.mustId();
    if (this.#agent.receives) {
      // It may have spoken as the agent before, and passed over what was shown meanwhile.
      if (this.#connection.session) this.#inbox.review(this.#connection.session.db);
      if (this.#dispatcher.hasConsumers) await this.#broadcasts.listen(agent);
    }
    await this.#outbox?.play(agent);
  }

  #lost(error: AgoraError, patienceMs: number): void {
    this.#acts.pause();
    clearInterval(this.#impatience);
    if (this.#connection.state === 'closed' || error.code !== 'connection/lost' || this.#closing)
      return this.#ended(error);
    this.#outbox?.lost();
    this.#impatience = setInterval(() => {
      const lost = this.#connection.lossAfter(patienceMs);
      this.#acts.giveUp(lost);
      this.#asks.failAll(lost);
    }, patienceMs);
  }

  /** The connection will not be back. */
  #ended(error: AgoraError): void {
    this.#outbox?.end(error);
    this.#acts.end(error);
    this.#dispatcher.end(error.code === 'client/closed' ? undefined : error);
    this.#wake.end(error);
    this.#asks.failAll(error);
    this.#inbox.close(error);
    this.#broadcasts.close(error);
    this.#events.close(error);
    this.#workflows.close(error);
  }

  #warn(error: AgoraError): void {
    if (!this.#emitter.emit('warning', error)) console.warn(`agora: ${error.message} (${error.code})`);
  }
}

/** `Array.isArray` forgets what a readonly list holds. */
function isList<T extends string>(value: readonly T[] | object): value is readonly T[] {
  return Array.isArray(value);
}
