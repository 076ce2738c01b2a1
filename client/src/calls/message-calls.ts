// Calls that send messages, wait for answers, and show what became of them.

import { SIGN } from '@agora/module/contract';
import { performUntil, type WaitOptions } from '../base/waiting.ts';
import { performBatch, type BatchAct, type BatchOptions } from '../batch.ts';
import type { IncomingMessage } from '../receive/incoming-message.ts';
import type { AttemptInfo, BroadcastInfo, DeliveryInfo, MessageRecord } from '../send/history.ts';
import type { AskInfo, ResumeOptions } from '../send/read-ask.ts';
import type { Accepted, AnswerWithin, DeliveryOptions, MessageContent, OutgoingMessage } from '../send/messages.ts';
import type { Answer, PendingAnswer } from '../wire/answer.ts';
import type { AnswerOf, MessageTypeName } from '../wire/message-types.ts';
import { checkBroadcast, checkForward, checkMessage } from '../send/message-keys.ts';
import { AgentCalls } from './agent-calls.ts';
import { partsOf } from './client-base.ts';
import { checkActs, checkBatch, checkResume, checkWait } from './known-options.ts';

/** Sends messages. */
export abstract class MessageCalls<Types> extends AgentCalls {
  /**
   * Sends a message to an agent, several, `#group`, `@capability` (a work queue), or `*`. Resolves once the hub has accepted
   * it; with `timeout` (seconds) or `timeoutMs` it is an ask and resolves to the answer.
   *
   * Throws `message/unknown-recipient`, `message/bad-payload`, `message/too-large` (256 KiB), `inbox/full`, `quota/…`;
   * `message/no-answer` (a `TimeoutError`); `connection/lost` after `offlineTimeoutMs`.
   *
   * @example
   * ```ts
   * await client.sendMessage({ to: 'Writer', messageType: 'status_update', payload: { status: 'done' } });
   * ```
   * @example An ask to one agent of a work queue
   * ```ts
   * const answer = await client.sendMessage({
   *   to: '@review',
   *   messageType: 'review_request',
   *   payload: { file_path: 'docs/intro.md' },
   *   timeout: 30,
   * });
   * if (answer.status === 'success') console.log(answer.data);
   * ```
   */
  sendMessage<const Type extends MessageTypeName<Types>>(
    message: OutgoingMessage<Type, Types> &
      AnswerWithin &
      ({ readonly timeout: number } | { readonly timeoutMs: number }),
  ): Promise<Answer<AnswerOf<Type, Types>>>;
  sendMessage<const Type extends MessageTypeName<Types>>(
    message: OutgoingMessage<Type, Types> & { readonly timeout?: undefined; readonly timeoutMs?: undefined },
  ): Promise<Accepted>;
  sendMessage<const Type extends MessageTypeName<Types>>(
    message: OutgoingMessage<Type, Types> & AnswerWithin,
  ): Promise<Accepted | Answer<AnswerOf<Type, Types>>>;
  sendMessage(message: OutgoingMessage & AnswerWithin): Promise<Accepted | Answer> {
    const { messages } = partsOf(this);
    const isAsk = message.timeout !== undefined || message.timeoutMs !== undefined;
    if (isAsk) return messages.ask(message, message);
    checkMessage(message);
    return messages.send(message);
  }

  /**
   * Sends an ask; needs `timeout` or `timeoutMs`. Returns a promise of the answer that is also a loop over its progress. An
   * answer with status `input_required` continues with its `reply`. Rejects with `message/no-answer`, `delivery/cancelled`.
   *
   * @example
   * ```ts
   * const pending = client.ask({ to: 'Builder', messageType: 'build', payload: { target: 'docs' }, timeoutMs: 60_000 });
   * for await (const { data } of pending) console.log('progress', data);
   * const answer = await pending;
   * if (answer.status === 'input_required') await answer.reply({ approved: true });
   * ```
   */
  ask<const Type extends MessageTypeName<Types>>(
    message: OutgoingMessage<Type, Types> & AnswerWithin,
  ): PendingAnswer<AnswerOf<Type, Types>> {
    const pending: PendingAnswer<unknown> = partsOf(this).messages.ask(message, message);
    return pending as PendingAnswer<AnswerOf<Type, Types>>; // the schema of its type has read it
  }

  /**
   * Continues to wait for the answer to an ask of this agent, also one of an earlier process: the answer of an ask that has ended
   * is returned while the hub keeps it (24 h). `lastSignal` is the last progress signal that was received. Rejects with
   * `ask/unknown`, `message/no-answer`, `delivery/cancelled`.
   *
   * @example
   * ```ts
   * const { messageId } = client.ask({ to: 'Builder', messageType: 'build', payload: {}, timeoutMs: 3_600_000 });
   * // After a restart, with the id from a file:
   * const answer = await client.resumeAsk(messageId);
   * ```
   */
  resumeAsk<Data = unknown>(messageId: string, options: ResumeOptions = {}): PendingAnswer<Data> {
    checkResume(options);
    return partsOf(this).asks.resume(messageId, options) as PendingAnswer<Data>; // as its caller expects it
  }

  /** Returns the state of an ask of this agent, and the number of its progress signals. Throws `ask/unknown`. */
  askState(messageId: string, options: WaitOptions = {}): Promise<AskInfo> {
    return performUntil(options, () => partsOf(this).asks.stateOf(messageId));
  }

  /**
   * Sends a message to all other agents. Each handles it at least once, also after an absence, while it is stored.
   *
   * @example
   * ```ts
   * await client.broadcast({ messageType: 'system_notification', payload: { message: 'release at noon' } });
   * ```
   */
  broadcast<const Type extends MessageTypeName<Types>>(message: MessageContent<Type, Types>): Promise<Accepted> {
    checkBroadcast(message);
    return partsOf(this).messages.send({ ...message, to: SIGN.everyone });
  }

  /**
   * Performs up to 256 acts in one transaction: all or none. Returns the ids of its messages and events, in order. Throws
   * `call/refused` with `refusals`, one per refused act; `call/empty`, `call/too-many-acts`. With `claim`, a held claim, all acts
   * are refused with `claim/outdated` once that has ended.
   *
   * @example
   * ```ts
   * const [messageId, eventId] = await client.batch([
   *   { do: 'send', to: 'Writer', messageType: 'status_update', payload: { status: 'built' } },
   *   { do: 'publish', eventType: 'build.finished', data: { target: 'docs' } },
   * ]);
   * ```
   */
  batch(acts: readonly BatchAct<Types>[], options: BatchOptions = {}): Promise<readonly string[]> {
    const { acts: queue, messages, events, tracing } = partsOf(this);
    const batch = acts as unknown as readonly BatchAct[]; // `BatchAct<Types>` has checked each act
    checkActs(batch);
    checkBatch(options);
    return performBatch({ acts: queue, messages, events, tracing }, batch, options);
  }

  /**
   * Forwards a message that this agent sent or received, unchanged; its recipient sees the verified origin. Throws
   * `message/bad-reference`.
   */
  forward(
    message: IncomingMessage | string,
    to: string | readonly string[],
    options: DeliveryOptions = {},
  ): Promise<Accepted> {
    checkForward(options);
    return partsOf(this).messages.forward(message, { ...options, to });
  }

  /**
   * Cancels a message of this agent: a waiting delivery ends, and the `signal` of a running handler aborts. Throws
   * `message/unknown`, `message/cannot-cancel` for a sent broadcast.
   *
   * @example
   * ```ts
   * const { messageId } = await client.sendMessage({ to: 'Writer', messageType: 'note', payload: 1, delayMs: 60_000 });
   * await client.cancel(messageId, 'no longer needed');
   * ```
   */
  cancel(messageId: string, reason = '', options: WaitOptions = {}): Promise<void> {
    return performUntil(options, () => partsOf(this).asks.cancel(messageId, reason));
  }

  /** Returns the state of a message of this agent, one entry per recipient. Throws `message/unknown`. */
  messageStatus(messageId: string, options: WaitOptions = {}): Promise<DeliveryInfo[]> {
    return performUntil(options, () => partsOf(this).history.messageStatus(messageId));
  }

  /** Returns the attempts after which the deliveries of a message of this agent went back. Throws `message/unknown`. */
  messageAttempts(messageId: string, options: WaitOptions = {}): Promise<AttemptInfo[]> {
    return performUntil(options, () => partsOf(this).history.messageAttempts(messageId));
  }

  /** Returns which agents have handled a broadcast of this agent. Throws `message/unknown`. */
  broadcastStatus(messageId: string, options: WaitOptions = {}): Promise<BroadcastInfo> {
    return performUntil(options, () => partsOf(this).history.broadcastStatus(messageId));
  }

  /** Yields messages that this agent sent, newest first, within the retention (default 24 h). */
  sentMessages(options: WaitOptions = {}): AsyncIterable<MessageRecord> {
    checkWait(options);
    return partsOf(this).history.sent(options.signal);
  }

  /** Yields ended messages that this agent received, newest first, within the retention (default 24 h). */
  receivedMessages(options: WaitOptions = {}): AsyncIterable<MessageRecord> {
    checkWait(options);
    return partsOf(this).history.received(options.signal);
  }

  /** Returns a message that another one refers to (`onBehalfOf`, `forwarded`), or that one itself, with its whole payload. */
  readReference(message: IncomingMessage | string, id: string, options: WaitOptions = {}): Promise<MessageRecord> {
    const messageId = typeof message === 'string' ? message : message.id;
    return performUntil(options, () => partsOf(this).history.reference(messageId, id));
  }
}
