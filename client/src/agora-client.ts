// The hand an agent holds: everything it can do on a hub, as one object.

import type { AgentStatus } from '@agora/module/contract';
import type { AgentFilters, AgentInfo } from './agents.ts';
import type { Answer } from './answer.ts';
import { performBatch, type BatchAct } from './batch.ts';
import { ClientParts } from './client-parts.ts';
import type { ClientEvents, CoordinationQuery, EventRequest, MessageOptions, WatchOptions } from './client-types.ts';
import type { ConnectOptions, ConnectionState } from './connection.ts';
import { AgoraError } from './errors.ts';
import type { EventHandler, EventSubscription } from './event-subscription.ts';
import type { EventOptions, OutgoingEvent } from './events.ts';
import type { GroupInfo } from './groups.ts';
import type { AgentUsage, BroadcastInfo, DeliveryInfo, MessageRecord } from './history.ts';
import type { IncomingMessage } from './incoming-message.ts';
import type { Notice } from './inbox.ts';
import type { LiveStream } from './live-stream.ts';
import type { MessageHandler, MessageSubscription } from './message-subscription.ts';
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
import type { Accepted, AnswerWithin, ForwardOptions, OutgoingMessage } from './messages.ts';
import type { Operator } from './operator.ts';
import type { AgoraClientOptions } from './options.ts';
import { peekInbox, type InboxPeek } from './peek.ts';
import type { PendingAnswer } from './pending-answer.ts';
import { receiveMessages, receiveTasks, type TaskOptions, watchClient } from './receiving.ts';
import type { ReceiveOptions, Registration } from './registration.ts';
import type { TaskHandler } from './tasks.ts';
import { serve, type Served, type ServeOptions, type ServeParts } from './serve.ts';
import { untilAborted, type Waiting } from './time.ts';
import { currentTrace } from './trace-context.ts';
import { turns, type TurnOptions, type TurnParts } from './turns.ts';
import type { TakeMailOptions, WaitForMailOptions } from './wake.ts';
import { tracedDefinition, typeOf, type WorkflowDefinition } from './workflow-definition.ts';
import type { WorkflowHandle, WorkflowSummary } from './workflow-handle.ts';

/** An agent's connection to a hub. Every method may throw an `AgoraError` with a stable `code`. */
export class AgoraClient<Types extends AgoraTypes = NoTypes> implements AsyncDisposable {
  /** What was declared, for the compiler alone. As a mapped type it has clients of any types pass where a plain one is expected. */
  declare readonly '~types'?: { readonly [Name in keyof Types]?: Types[Name] };
  readonly name: string;
  /** What operators see and steer. */
  readonly operator: Operator;
  readonly #parts: ClientParts;

  /** Nothing happens before `connect`. Throws `agent/bad-name`, `client/bad-option`. */
  constructor(name: string, options: AgoraClientOptions<Types> = {}) {
    this.#parts = new ClientParts(name, options);
    this.name = name;
    this.operator = this.#parts.operator;
  }

  /** The state of the connection. */
  get state(): ConnectionState {
    return this.#parts.connection.state;
  }

  /** The identity that owns the agent, in hexadecimal, while connected. */
  get identity(): string | undefined {
    return this.#parts.connection.session?.identity.toHexString();
  }

  /** The token of that identity: with it a later client is the same owner. */
  get token(): string | undefined {
    return this.#parts.connection.session?.token;
  }

  /** Listens to what happens to the client; returns what ends it. */
  on<Name extends keyof ClientEvents>(name: Name, listener: (value: ClientEvents[Name]) => void): () => void {
    return this.#parts.emitter.on(name, listener);
  }

  /**
   * The same as a loop, until the client is closed; lost for good, it throws why. `connection` begins with the state as it is, and a
   * slow loop gets the last 64 states; of anything else up to 1,024 wait, and one more ends the loop with `client/slow-reader`, so
   * that nothing is lost in silence.
   */
  watch<Name extends keyof ClientEvents>(name: Name, options: WatchOptions = {}): LiveStream<ClientEvents[Name]> {
    return watchClient(this.#parts, name, options);
  }

  /**
   * Connects. Throws a `ConnectionError` that says why it cannot, or a `TimeoutError`; with `retryForMs` it tries again for so
   * long. Lost later, it reconnects by itself.
   */
  async connect(options: ConnectOptions = {}): Promise<void> {
    await Promise.all([this.#parts.outbox?.open(), this.#parts.tracing.open()]);
    await this.#parts.connection.connect(options);
  }

  /** Registers this client's agent, or updates it, and receives its messages from now on. What the outbox holds is sent. */
  registerAgent(registration: Registration, options: ReceiveOptions = {}): Promise<void> {
    return untilAborted(options.signal, this.#parts.begin(this.#parts.agent.register(registration, options)));
  }

  /** Takes up this client's agent as it was registered before. Throws `agent/unknown`, `agent/not-yours`. */
  resumeAgent(options: ReceiveOptions = {}): Promise<void> {
    return untilAborted(options.signal, this.#parts.begin(this.#parts.agent.takeUp(options)));
  }

  /** Receives nothing more; what it holds can still be settled for a while (5 s). The agent stays registered. */
  detachAgent(): Promise<void> {
    return this.#parts.agent.detach();
  }

  /** Changes what is given of the agent's registration. */
  async updateAgent(changes: Partial<Registration>, { signal }: Waiting = {}): Promise<void> {
    await untilAborted(signal, this.#parts.agent.update(changes));
    this.#parts.dispatcher.credit = this.#parts.agent.credit;
  }

  /** Says how the agent is: `active`, `busy`, `away` or `draining`. */
  setStatus(status: AgentStatus, { signal }: Waiting = {}): Promise<void> {
    return untilAborted(signal, this.#parts.agent.setStatus(status));
  }

  /** Gives the agent up: its unfinished messages are dead letters, its name is free. */
  async unregisterAgent(): Promise<void> {
    const gone = new AgoraError('agent/unknown', `"${this.name}" was unregistered`);
    this.#parts.broadcasts.close(gone);
    this.#parts.outbox?.rest();
    await this.#parts.agent.unregister();
    this.#parts.inbox.close(gone);
  }

  /** The agents that are wanted, in the order of their registration. */
  findAgents(filters: AgentFilters = {}, { signal }: Waiting = {}): Promise<AgentInfo[]> {
    return untilAborted(signal, this.#parts.agents.find(filters));
  }

  /**
   * Follows who there is: the agents that are wanted, at once and again after each change, for as long as the loop goes on.
   * Between two turns of the loop changes add up; only the newest state is told.
   */
  watchAgents(
    filters: AgentFilters = {},
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): AsyncGenerator<readonly AgentInfo[], void> {
    return this.#parts.agents.watch(filters, options.signal);
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
    if (query.type === 'agents') return untilAborted(signal, this.#parts.agents.find(query.filters ?? {}));
    return untilAborted(signal, this.#parts.workflows.find(query.filters?.status));
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
    return isAsk ? this.#parts.messages.ask(message, message) : this.#parts.messages.send(message);
  }

  /** Asks: a promise of the answer, and until then a loop over its progress. Needs `timeout` or `timeoutMs`. */
  ask<const Type extends MessageTypeName<Types>>(
    message: OutgoingMessage<Type, Types> & AnswerWithin,
  ): PendingAnswer<AnswerOf<Type, Types>> {
    const pending: PendingAnswer<unknown> = this.#parts.messages.ask(message, message);
    return pending as PendingAnswer<AnswerOf<Type, Types>>; // read by the schema of its type
  }

  /** Passes on a message that this agent sent or was given, as it is; the recipient reads where it came from. */
  forward(
    message: IncomingMessage | string,
    to: string | readonly string[],
    options: Omit<ForwardOptions, 'to' | 'toAgent'> = {},
  ): Promise<Accepted> {
    return this.#parts.messages.forward(message, { ...options, to });
  }

  /** Calls off a message that this agent sent: what waits ends, who works on it is told by the `signal` of the handler. */
  cancel(messageId: string, reason = '', { signal }: Waiting = {}): Promise<void> {
    return untilAborted(signal, this.#parts.asks.cancel(messageId, reason));
  }

  /** What became of a message that this agent sent, one entry a recipient. */
  messageStatus(messageId: string, { signal }: Waiting = {}): Promise<DeliveryInfo[]> {
    return untilAborted(signal, this.#parts.history.messageStatus(messageId));
  }

  /** Who has handled a broadcast of this agent. */
  broadcastStatus(messageId: string, { signal }: Waiting = {}): Promise<BroadcastInfo> {
    return untilAborted(signal, this.#parts.history.broadcastStatus(messageId));
  }

  /** What this agent sent, newest first, as far as it is kept. */
  sentMessages({ signal }: Waiting = {}): AsyncIterable<MessageRecord> {
    return this.#parts.history.sent(signal);
  }

  /** What this agent was given and has ended, newest first, as far as it is kept. */
  receivedMessages({ signal }: Waiting = {}): AsyncIterable<MessageRecord> {
    return this.#parts.history.received(signal);
  }

  /** The whole of a message that another one refers to (`onBehalfOf`, `forwarded`), or of that one itself. */
  readReference(message: IncomingMessage | string, id: string, { signal }: Waiting = {}): Promise<MessageRecord> {
    return untilAborted(signal, this.#parts.history.reference(typeof message === 'string' ? message : message.id, id));
  }

  /** What this agent has used of its quotas. */
  agentUsage({ signal }: Waiting = {}): Promise<AgentUsage> {
    return untilAborted(signal, this.#parts.history.usage());
  }

  /** What this agent holds and what waits for it, up to `limit` (256) entries. Nothing is taken. */
  peekInbox({ limit, signal }: { readonly limit?: number | undefined } & Waiting = {}): Promise<InboxPeek> {
    return untilAborted(signal, peekInbox(this.#parts.connection, this.#parts.agent.mustId(), limit));
  }

  /** Acknowledges a notice that stayed in the inbox (`keepsNotices`). A no-op for any other. */
  acknowledgeNotice(notice: Notice): Promise<void> {
    return this.#parts.inbox.acknowledge(notice);
  }

  /** Joins a group (`#name`); the first member makes it. */
  joinGroup(name: string, { signal }: Waiting = {}): Promise<void> {
    return untilAborted(signal, this.#parts.groups.join(name));
  }

  /** Leaves a group; with the last member it ends. */
  leaveGroup(name: string, { signal }: Waiting = {}): Promise<void> {
    return untilAborted(signal, this.#parts.groups.leave(name));
  }

  /** The groups this agent is in. */
  groups({ signal }: Waiting = {}): Promise<GroupInfo[]> {
    return untilAborted(signal, this.#parts.groups.list());
  }

  /** The names of who is in a group that this agent is in. */
  groupMembers(name: string, { signal }: Waiting = {}): Promise<string[]> {
    return untilAborted(signal, this.#parts.groups.members(name));
  }

  /** Goes idle until something comes. Throws `agent/has-mail` when there is something that this client has not seen. */
  goIdle({ signal }: Waiting = {}): Promise<void> {
    return untilAborted(signal, this.#parts.wake.goIdle());
  }

  /**
   * For agents that work in turns, without a subscription: true as soon as there is mail, else goes idle and waits; false
   * when none came within `timeoutMs` (five minutes). Nothing falls between looking and sleeping. Then `takeMail`.
   */
  waitForMail(options: WaitForMailOptions = {}): Promise<boolean> {
    return this.#parts.wake.waitForMail(options);
  }

  /** Takes up to `limit` (32) messages that no subscription wants, most important first; each is settled by hand (`ack`). */
  async takeMail(options: TakeMailOptions = {}): Promise<IncomingMessage[]> {
    const taken = await this.#parts.wake.takeMail(options);
    this.#parts.tracing.spans?.receive(taken);
    return taken;
  }

  /**
   * Handles what comes until it is told to stop, by `signal` or by a signal of the system; then lets what runs come to its end,
   * closes the client, and tells what was done. Rejects when the connection is lost for good.
   */
  serve<const Type extends string = never, const Action extends string = never, const Filter extends string = never>(
    options: ServeOptions<Type, Action, Filter, Types>,
  ): Promise<Served> {
    const agent = this.#parts.agent.mustId();
    const parts: ServeParts = {
      tracing: this.#parts.tracing,
      begin: async consumer => {
        this.#parts.dispatcher.add(consumer, 'messages');
        await this.#parts.broadcasts.listen(agent);
      },
      follow: (type, handler) => this.#parts.events.subscribe([type], { handler }),
      setStatus: status => this.#parts.agent.setStatus(status),
      goIdle: () => this.#parts.wake.goIdle(),
      close: () => this.close(),
    };
    return serve(parts, options as unknown as ServeOptions); // each handler is given the type that it is for
  }

  /** For agents that work in turns: a loop over the mail of each turn, which sleeps in between. Each message is settled by hand (`ack`). */
  turns(options: TurnOptions = {}): AsyncIterable<readonly IncomingMessage[]> {
    this.#parts.agent.mustId();
    const setStatus: TurnParts['setStatus'] = status => this.#parts.agent.setStatus(status);
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
    return this.#parts.messages.send({ ...message, to: '*' });
  }

  /** Performs all of it in one transaction, or nothing. Returns the ids of what was sent and published, in order. */
  batch(acts: readonly BatchAct<Types>[]): Promise<readonly string[]> {
    return performBatch(
      {
        acts: this.#parts.acts,
        messages: this.#parts.messages,
        events: this.#parts.events,
        tracing: this.#parts.tracing,
      },
      acts as unknown as readonly BatchAct[],
    ); // checked by their types
  }

  /**
   * Receives messages: with a handler, a few at a time by priority; without one, as an iterator whose messages are
   * acknowledged by hand. The types that are expected are named by the filter, or as `subscribeToMessages<'my_type'>`.
   */
  subscribeToMessages<const Type extends string = ExpectedType<Types>>(
    options: MessageHandler<Type, Types> | MessageOptions<Type, Types> = {},
  ): Promise<MessageSubscription<Type, Types>> {
    return receiveMessages(this.#parts, typeof options === 'function' ? { handler: options } : options);
  }

  /** Handles steps of workflows that have this action, or any of them, or every one (`*`). */
  onTask<const Action extends TaskAction<Types> | '*'>(
    action: Action | readonly Action[],
    handler: TaskHandler<Action, Types>,
    options: TaskOptions = {},
  ): MessageSubscription {
    const actions = new Set<string>(typeof action === 'string' ? [action] : action);
    return receiveTasks(this.#parts, actions, handler as TaskHandler, options); // it is given the actions that it is for
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
    const { eventTypes = [], handler, from, until, signal } = { ...request, ...options };
    const asked = { handler: handler as EventHandler | undefined, from, until, signal }; // it is given the types that it is for
    const subscription: unknown = await this.#parts.events.subscribe(eventTypes, asked);
    return subscription as EventSubscription<EventsMatching<Filter, Types>, Types>; // likewise
  }

  /** Handles the events of every subscription that has no handler of its own. */
  onEvent(handler: EventHandler): void {
    this.#parts.events.onEvent(handler);
  }

  /** Publishes an event to everyone. */
  publishEvent<const Type extends EventTypeName<Types>>(
    event: OutgoingEvent<Type, Types>,
  ): Promise<{ readonly eventId: string }> {
    return this.#parts.events.publish(event);
  }

  /** Starts a workflow, and follows it. */
  async startWorkflowCoordination(definition: WorkflowDefinition, { signal }: Waiting = {}): Promise<WorkflowHandle> {
    await untilAborted(signal, this.#parts.types.checkSteps(definition));
    const start = (trace = currentTrace()) => this.#parts.workflows.start(tracedDefinition(definition, trace));
    const { spans } = this.#parts.tracing;
    return untilAborted(signal, spans ? spans.workflow(typeOf(definition), start) : start());
  }

  /** Follows a workflow by its id: for who started it, takes part in it, or is an operator. */
  workflow(id: string, { signal }: Waiting = {}): Promise<WorkflowHandle> {
    return untilAborted(signal, this.#parts.workflows.follow(id));
  }

  /** Says yes to a step of a workflow that this client's agent is asked to approve. */
  approveStep(workflowId: string, step: string, comment = '', { signal }: Waiting = {}): Promise<void> {
    return untilAborted(signal, this.#parts.workflows.approve(workflowId, step, comment));
  }

  /** Says no to it, which fails the step. */
  rejectStep(workflowId: string, step: string, comment = '', { signal }: Waiting = {}): Promise<void> {
    return untilAborted(signal, this.#parts.workflows.reject(workflowId, step, comment));
  }

  /** Leaves: what was done is sent, running handlers are told by their signal. The agent stays registered. May be called twice. */
  close(): Promise<void> {
    return this.#parts.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** `Array.isArray` forgets what a readonly list holds. */
function isList<T extends string>(value: readonly T[] | object): value is readonly T[] {
  return Array.isArray(value);
}
