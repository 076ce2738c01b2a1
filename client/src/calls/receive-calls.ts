// Calls that receive messages and tasks: subscriptions, the serve loop, and turns.

import { performUntil, untilAborted, type WaitOptions } from '../base/waiting.ts';
import type { MessageOptions, TypedMessageOptions, UntypedMessageOptions } from '../client-types.ts';
import { readHeldMessages } from '../receive/held-messages.ts';
import type { Notice } from '../receive/inbox.ts';
import type { IncomingMessage } from '../receive/incoming-message.ts';
import type { TakeMailOptions, WaitForMailOptions } from '../receive/mail.ts';
import type { MessageHandler, MessageSubscription } from '../receive/message-subscription.ts';
import type { TaskHandler } from '../receive/tasks.ts';
import { peekInbox, type InboxPeek } from '../send/peek.ts';
import { serve, type Served, type ServeOptions, type ServeParts } from '../serve.ts';
import { messageOptionsOf, openMessageSubscription, openTaskSubscription, type TaskOptions } from '../subscriptions.ts';
import { turns, type TurnOptions, type TurnParts } from '../turns.ts';
import type { TaskAction } from '../wire/message-types.ts';
import { partsOf } from './client-base.ts';
import { checkServe, checkTakeMail, checkTurns, checkWaitForMail } from './known-options.ts';
import { MessageCalls } from './message-calls.ts';

/** Receives messages. */
export abstract class ReceiveCalls<Types> extends MessageCalls<Types> {
  /**
   * Receives messages by a handler, by priority and at most `concurrency` (8) at a time. Returning finishes the message: the
   * value is the answer to an ask. Throwing fails it, and the hub offers it again, up to five attempts; a `PermanentError`
   * fails it permanently. Messages come at least once. Steps of workflows come only if the types include `task_assignment`.
   * Without types, every type comes; `message.is(type)` narrows its payload.
   *
   * Without a handler the subscription is a loop, and the caller settles each message (`message.ack()`).
   *
   * @example
   * ```ts
   * await client.subscribeToMessages({
   *   filters: { messageTypes: ['review_request'], priority: [3, 4], fromAgents: ['Editor'] },
   *   handler: async ({ payload }, { signal, progress }) => {
   *     await progress({ percent: 50 });
   *     const response = await fetch(`https://example.org/${payload.file_path}`, { signal });
   *     return { approved: response.ok };
   *   },
   * });
   * ```
   * @example Types by name: the handler gets only these, and knows their payloads
   * ```ts
   * await client.subscribeToMessages('greeting', ({ from }) => ({ text: `Hello, ${from}!` }));
   * ```
   * @example A loop
   * ```ts
   * const messages = await client.subscribeToMessages('note');
   * for await (const message of messages) {
   *   console.log(message.from, message.payload);
   *   await message.ack();
   * }
   * ```
   */
  subscribeToMessages<const Type extends string>(
    types: Type | readonly Type[],
    handler?: MessageHandler<Type, Types> | TypedMessageOptions<Type, Types>,
    options?: TypedMessageOptions<Type, Types>,
  ): Promise<MessageSubscription<Type, Types>>;
  subscribeToMessages<const Type extends string>(
    options: MessageOptions<Type, Types> & { readonly filters: { readonly messageTypes: readonly Type[] } },
  ): Promise<MessageSubscription<Type, Types>>;
  subscribeToMessages(options?: MessageHandler | UntypedMessageOptions): Promise<MessageSubscription>;
  subscribeToMessages(...given: readonly unknown[]): Promise<unknown> {
    return openMessageSubscription(partsOf(this), messageOptionsOf(given));
  }

  /**
   * Handles workflow steps with this action, with one of several, or all (`*`). The return value is the output of the step.
   *
   * @example
   * ```ts
   * client.onTask('write_docs', async ({ requirements, inputs }, { extend }) => {
   *   await extend(600_000); // a lease of ten minutes
   *   return { file_path: `docs/${String(requirements['title'])}.md`, sources: Object.keys(inputs) };
   * });
   * ```
   */
  onTask<const Action extends TaskAction<Types> | '*'>(
    action: Action | readonly Action[],
    handler: TaskHandler<Action, Types>,
    options: TaskOptions = {},
  ): MessageSubscription {
    const actions = new Set<string>(typeof action === 'string' ? [action] : action);
    return openTaskSubscription(partsOf(this), actions, handler as TaskHandler, options); // it gets only its actions
  }

  /**
   * Runs the main loop of an agent: handles messages, tasks and events until `signal` aborts, a signal of the system arrives
   * (`SIGTERM`, `SIGINT`), or nothing happens for `idleMs`. Then the agent is `draining`, running handlers get `drainMs`
   * (30 s), and the client closes. Resolves to a summary; rejects when the connection ends with an error.
   *
   * @example
   * ```ts
   * const served = await client.serve({
   *   messages: { review_request: ({ payload }) => ({ reviewed: payload.file_path }) },
   *   tasks: { write_docs: ({ requirements }) => ({ title: requirements['title'] }) },
   *   events: { 'build.*': event => console.log(event.type) },
   *   concurrency: 4,
   * });
   * console.log(served.reason, served.handled);
   * ```
   */
  serve<const Type extends string = never, const Action extends string = never, const Filter extends string = never>(
    options: ServeOptions<Type, Action, Filter, Types>,
  ): Promise<Served> {
    checkServe(options as unknown as ServeOptions);
    const { agent, broadcasts, connection, dispatcher, events, mail, tracing, types } = partsOf(this);
    const id = agent.mustId();
    for (const type of Object.keys(options.messages ?? {})) types.noteType(type);
    const parts: ServeParts = {
      tracing,
      warn: error => connection.warn(error),
      begin: async consumer => {
        dispatcher.add(consumer, 'messages');
        await broadcasts.listen(id);
      },
      follow: (type, handler) => events.subscribe([type], { handler }),
      setStatus: status => agent.setStatus(status),
      goIdle: () => mail.goIdle(),
      close: () => this.close(),
    };
    return serve(parts, options as unknown as ServeOptions); // each handler gets only its type
  }

  /**
   * Loops over turns of mail, for agents that work in turns: each turn is a list of new messages, and the agent is idle in
   * between. The caller settles each message. Throws `client/not-registered`.
   *
   * @example
   * ```ts
   * for await (const mail of client.turns({ limit: 10, signals: ['SIGTERM'] })) {
   *   for (const message of mail) await message.respond({ seen: message.type });
   * }
   * ```
   */
  turns(options: TurnOptions = {}): AsyncIterable<readonly IncomingMessage[]> {
    checkTurns(options);
    const { agent } = partsOf(this);
    agent.mustId();
    const setStatus: TurnParts['setStatus'] = status => agent.setStatus(status);
    const mail: TurnParts['mail'] = {
      waitForMail: wanted => this.waitForMail(wanted),
      takeMail: wanted => this.takeMail(wanted),
    };
    return turns({ mail, state: () => this.state, setStatus }, options);
  }

  /**
   * Waits for mail without a subscription: returns true once there is some, and false after `timeoutMs` (five minutes). The
   * agent is idle in the meantime. No mail is missed between the check and the wait. `takeMail` then takes it; it can return
   * an empty list, since another process may have taken the message.
   *
   * @example
   * ```ts
   * while (await client.waitForMail({ timeoutMs: 60_000 })) {
   *   for (const message of await client.takeMail()) await message.ack();
   * }
   * ```
   */
  async waitForMail(options: WaitForMailOptions = {}): Promise<boolean> {
    checkWaitForMail(options);
    return partsOf(this).mail.waitForMail(options);
  }

  /** Takes up to `limit` (32) messages that no subscription accepts, by priority. The caller settles each (`ack`). */
  async takeMail(options: TakeMailOptions = {}): Promise<IncomingMessage[]> {
    checkTakeMail(options);
    const { mail, tracing } = partsOf(this);
    const taken = await mail.takeMail(options);
    tracing.spans?.receive(taken);
    return taken;
  }

  /**
   * Returns the messages that this agent holds, also those that another process of it has taken: for an agent that works in
   * turns, each in a process of its own. Payloads above 4 KiB are left out.
   *
   * @example
   * ```ts
   * await client.resumeAgent({ receives: false });
   * for (const message of await client.heldMessages()) await message.extend(600_000);
   * ```
   */
  heldMessages(options: WaitOptions = {}): Promise<IncomingMessage[]> {
    const { acts, agent, connection } = partsOf(this);
    return performUntil(options, () => readHeldMessages({ acts, connection, agent: () => agent.mustId() }));
  }

  /** Sets the agent idle until mail arrives. Throws `agent/has-mail` if it has mail that this client has not seen. */
  goIdle(options: WaitOptions = {}): Promise<void> {
    return performUntil(options, () => partsOf(this).mail.goIdle());
  }

  /** Acknowledges a notice that `keepsNotices` has left in the inbox. A no-op for any other notice. */
  acknowledgeNotice(notice: Notice, options: WaitOptions = {}): Promise<void> {
    return performUntil(options, () => partsOf(this).inbox.acknowledge(notice));
  }

  /** Returns up to `limit` (256) held and waiting messages of this agent, without taking them. */
  async peekInbox(options: TakeMailOptions = {}): Promise<InboxPeek> {
    checkTakeMail(options);
    const { agent, connection } = partsOf(this);
    return untilAborted(options.signal, peekInbox(connection, agent.mustId(), options.limit));
  }
}
