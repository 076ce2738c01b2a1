// Sends messages to agents, groups, capabilities or everyone, with or without waiting for an answer.

import { AGENT_NAME, LIMITS, PRIORITY } from '@agora/module/contract';
import type { Act, Acts, Settled } from '../acts/acts.ts';
import { CheckedTypes } from '../receive/checked-types.ts';
import { AgoraError, toAgoraError } from '../base/errors.ts';
import type { IncomingMessage } from '../receive/incoming-message.ts';
import { nearestNames } from '../base/nearest-names.ts';
import { PAYLOAD, toJson } from '../base/json.ts';
import type { NoTypes, PayloadInputOf } from '../wire/message-types.ts';
import { priorityOf, type PriorityLevel } from '../wire/priority.ts';
import type { Outbox } from '../acts/outbox.ts';
import { fenceOf, type FenceOption } from '../acts/fence.ts';
import { outboxFor, sendOnce } from '../acts/send-once.ts';
import { currentTrace, headersText, type TraceContext } from '../base/trace-context.ts';
import { withSpan, type Tracing } from '../trace/tracing.ts';
import { createId } from '../base/create-id.ts';
import type { PendingAnswer, ProgressSignal } from '../wire/answer.ts';
import { checkMessage } from './message-keys.ts';
import { PendingAsk } from './pending-ask.ts';
import type { Asks } from './asks.ts';

/**
 * The name of an agent, `@capability` (one agent that has it), `#group` (each member), several of these, or `*` for all
 * other agents. `toAgent` and `to` are synonyms.
 */
export type Recipients =
  | { readonly to: string | readonly string[]; readonly toAgent?: undefined }
  | { readonly toAgent: string | readonly string[]; readonly to?: undefined };

/** Time and priority of a message. */
export interface DeliveryOptions extends FenceOption {
  /** 1 or `low`, 2 or `normal` (default), 3 or `high`, 4 or `critical`. */
  readonly priority?: PriorityLevel | undefined;
  readonly headers?: Readonly<Record<string, unknown>> | undefined;
  /** Trace context; by default that of the current handler. `{}` for none. */
  readonly trace?: TraceContext | undefined;
  /**
   * A UUIDv7 of the caller (`createId()`), which makes sending idempotent: the hub accepts an id once, and an ask that is repeated
   * gets the same answer while the hub keeps it.
   */
  readonly id?: string | undefined;
  /** Id of the message that this one refers to. */
  readonly inReplyTo?: string | undefined;
  /** Delay in milliseconds, or the time of delivery; not both. At most 366 days. */
  readonly delayMs?: number | undefined;
  readonly deliverAt?: Date | undefined;
  /** Time to live in milliseconds: a message that is not offered within it expires, and its sender gets a notice. */
  readonly ttlMs?: number | undefined;
  /** A message that this agent sent or received, or its id. The hub verifies it, and the recipient can read it. */
  readonly onBehalfOf?: string | IncomingMessage | undefined;
  /** Ends the waiting for acceptance. An unsent message is withdrawn; a sent one may still arrive. */
  readonly signal?: AbortSignal | undefined;
}

/** Recipients and options of a forwarded message. */
export type ForwardOptions = DeliveryOptions & Recipients;

/** A message without recipients. */
export interface MessageContent<Type extends string = string, Types = NoTypes> extends DeliveryOptions {
  readonly messageType: Type;
  /** Input of the schema of its type. It is sent as it is; the recipient gets the output of the schema. */
  readonly payload: PayloadInputOf<Type, Types>;
}

/** A message to send. */
export type OutgoingMessage<Type extends string = string, Types = NoTypes> = MessageContent<Type, Types> & Recipients;

/** Timeout and progress of an ask. */
export interface AnswerWithin {
  /** Timeout in seconds. */
  readonly timeout?: number | undefined;
  /** Timeout in milliseconds, in place of `timeout`. At most 24 hours. */
  readonly timeoutMs?: number | undefined;
  /** Ends the waiting and cancels the ask at the hub. */
  readonly signal?: AbortSignal | undefined;
  /** Called for each progress signal, in order. */
  readonly onProgress?: ((signal: ProgressSignal) => void) | undefined;
}

/** A message that the hub has accepted. */
export interface Accepted {
  readonly messageId: string;
  readonly status: 'accepted';
}

/** The parts of the client that sending needs. */
export interface MessageParts {
  readonly acts: Acts;
  readonly asks: Asks;
  /** Returns the names of agents, capabilities and own groups, for suggestions. */
  readonly targets: () => Promise<ReadonlySet<string>>;
  /** Returns the number of the sender. Throws `client/not-registered`. */
  readonly sender: () => bigint;
  readonly types?: CheckedTypes | undefined;
  readonly tracing?: Tracing | undefined;
  /** Queues messages without an answer while disconnected, if there is one. */
  readonly outbox?: Outbox | undefined;
}

type SendAct = Extract<Act, { tag: 'Send' }>;
type CancelAct = Extract<Act, { tag: 'Cancel' }>;

/** Sends messages and waits for answers. */
export class Messages {
  readonly #parts: MessageParts;
  readonly #types: CheckedTypes;

  constructor(parts: MessageParts) {
    this.#parts = parts;
    this.#types = parts.types ?? new CheckedTypes();
  }

  /** Sends a message; settles once the hub has accepted it. */
  async send(message: OutgoingMessage): Promise<Accepted> {
    const span = this.#parts.tracing?.spans?.send(destinationOf(message), message.messageType, message);
    if (!span) return this.#send(message);
    return withSpan(span, () => this.#send({ ...message, id: span.id, trace: span.trace }));
  }

  async #send(message: OutgoingMessage): Promise<Accepted> {
    const act = this.actOf(message, 0, outboxFor(this.#parts.outbox, message)?.sender);
    const checking = this.check(message, act);
    if (checking) await checking;
    return this.#perform(act, message);
  }

  /** Forwards a message unchanged. */
  async forward(message: IncomingMessage | string, options: ForwardOptions): Promise<Accepted> {
    const type = typeof message === 'string' ? '' : message.type;
    const span = this.#parts.tracing?.spans?.send(destinationOf(options), type, options);
    if (!span) return this.#forward(message, options);
    return withSpan(span, () => this.#forward(message, { ...options, id: span.id, trace: span.trace }));
  }

  async #forward(message: IncomingMessage | string, options: ForwardOptions): Promise<Accepted> {
    return this.#perform(this.forwardOf(message, options, outboxFor(this.#parts.outbox, options)?.sender), options);
  }

  /** Sends an ask. Every error, also of its arguments, rejects the returned promise. */
  ask(message: OutgoingMessage, within: AnswerWithin): PendingAnswer {
    const span = this.#parts.tracing?.spans?.ask(destinationOf(message), message.messageType, message);
    if (!span) return this.#ask(message, within, message.id !== undefined);
    const withIds = { ...message, id: span.id, trace: span.trace };
    const pending = this.#ask(withIds, within, message.id !== undefined, error => span.accepted(error));
    pending.then(
      answer => span.answered(answer),
      (error: unknown) => span.end(error),
    );
    return pending;
  }

  #ask(
    message: OutgoingMessage,
    { timeout, timeoutMs, signal, onProgress }: AnswerWithin,
    mayBeRepeated: boolean,
    accepted?: Settled,
  ): PendingAnswer {
    const withinMs = timeoutMs ?? (timeout ?? 0) * 1000;
    const id = message.id ?? createId();
    try {
      checkMessage(message);
      signal?.throwIfAborted();
      checkDeadline(withinMs);
      const act = this.actOf({ ...message, id }, Math.ceil(withinMs));
      const checking = this.check(message, act);
      const { asks } = this.#parts;
      const read = this.#types.answerReader(message.messageType);
      const pending = asks.wait(id, { timeoutMs: withinMs, signal, onProgress, read });
      const failed = (reason: unknown) => asks.fail(id, toAgoraError(reason));
      const { claim } = message;
      const fence = claim && { kept: false, fence: fenceOf(claim) };
      const settled = (error: AgoraError | undefined) => {
        accepted?.(error);
        if (error) this.#explain(error, message).catch(failed);
        // The hub accepts an id once, so an ask of this id may have ended before.
        else if (mayBeRepeated) asks.restore(id).catch(failed);
      };
      const perform = () => this.#parts.acts.perform(act, settled, fence);
      // The ask may have ended while an async schema was reading it.
      if (checking) checking.then(() => asks.has(id) && perform(), failed);
      else perform();
      return pending;
    } catch (error) {
      const answer = Promise.reject(error instanceof Error ? error : toAgoraError(error));
      const source = { readSignals: () => Promise.resolve([]), cancel: () => Promise.resolve() };
      return new PendingAsk({ messageId: id, answer, source });
    }
  }

  /** Replies to a handler that asked back. */
  reply(ask: string, data: unknown, timeoutMs: number, refused: (error: AgoraError) => void): void {
    if (timeoutMs !== 0) checkDeadline(timeoutMs);
    const payload = toJson(data ?? null, PAYLOAD);
    const agent = this.#parts.sender();
    const value = { id: createId(), agent, ask, payload, answerWithinMs: Math.ceil(timeoutMs) };
    this.#parts.acts.perform({ tag: 'Reply', value }, error => error && refused(error));
  }

  /** Cancels a message. An unsent one is withdrawn. */
  cancel(message: string, reason: string): Promise<void> {
    const withdrawn = new AgoraError('delivery/cancelled', `message ${message} was cancelled before it was sent`);
    if (this.#parts.outbox?.withdraw(message, withdrawn)) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#parts.acts.perform(this.cancelOf(message, reason), error => (error ? reject(error) : resolve()));
    });
  }

  cancelOf(message: string, reason: string): CancelAct {
    return { tag: 'Cancel', value: { agent: this.#parts.sender(), message, reason } };
  }

  /** Checks the payload of an act. Throws `message/bad-payload`; returns a promise only for an async schema. */
  check({ messageType, payload }: OutgoingMessage, act: SendAct): Promise<void> | undefined {
    return this.#types.checkPayload(messageType, payload, act.value.payload);
  }

  /** Converts a message to an act, with an unchecked payload. */
  actOf(message: OutgoingMessage, answerWithinMs: number, sender = this.#parts.sender): SendAct {
    const { messageType: type, payload } = message;
    return this.#actOf(message, { type, payload: toJson(payload, PAYLOAD), answerWithinMs, forwardOf: '' }, sender);
  }

  /** Converts a forwarded message to an act; the hub fills in type and payload. */
  forwardOf(message: IncomingMessage | string, options: ForwardOptions, sender = this.#parts.sender): SendAct {
    const trace = options.trace ?? currentTrace() ?? (typeof message === 'string' ? undefined : message.trace);
    const content = { type: '', payload: '', answerWithinMs: 0, forwardOf: idOf(message) };
    return this.#actOf({ ...options, trace }, content, sender);
  }

  #actOf(
    options: ForwardOptions,
    content: Pick<SendAct['value'], 'type' | 'payload' | 'answerWithinMs' | 'forwardOf'>,
    sender: () => bigint,
  ): SendAct {
    const { headers, trace, onBehalfOf } = options;
    const priority = options.priority === undefined ? PRIORITY.normal : priorityOf(options.priority);
    return {
      tag: 'Send',
      value: {
        ...content,
        id: options.id ?? createId(),
        agent: sender(),
        to: targetsOf(options),
        headers: headersText(headers, trace),
        priority,
        ttlMs: readTime('ttlMs', options.ttlMs, 1),
        delayMs: readDelay(options),
        inReplyTo: options.inReplyTo ?? '',
        onBehalfOf: onBehalfOf === undefined ? '' : idOf(onBehalfOf),
      },
    };
  }

  #perform(act: SendAct, options: ForwardOptions): Promise<Accepted> {
    const accepted: Accepted = { messageId: act.value.id, status: 'accepted' };
    return new Promise((resolve, reject) => {
      sendOnce(this.#parts, act, options, error => {
        if (error) this.#explain(error, options).catch(reject);
        else resolve(accepted);
      });
    });
  }

  /** Adds similar names to the refusal of an unknown recipient. */
  async #explain(error: unknown, message: Recipients): Promise<never> {
    if (!(error instanceof AgoraError) || error.code !== 'message/unknown-recipient') throw error;
    const known = await this.#parts.targets().catch(() => undefined);
    if (!known) throw error;
    const names = targetsOf(message).flatMap(target => (known.has(target) ? [] : nearestNames(target, known)));
    // A suggestion of another kind (an agent for a group) would mislead.
    const meant = names.filter(name => targetsOf(message).some(target => kindOf(target) === kindOf(name)));
    if (meant.length === 0) throw error;
    const sentence = `${error.message}; did you mean ${meant.map(name => `"${name}"`).join(' or ')}?`;
    throw new AgoraError(error.code, sentence, { cause: error });
  }
}

/** Returns the targets as one text; '' for none. */
export function destinationOf({ toAgent, to }: Recipients): string {
  const targets = toAgent ?? to ?? '';
  return typeof targets === 'string' ? targets : targets.join(' ');
}

function targetsOf({ toAgent, to }: Recipients): string[] {
  const targets = toAgent ?? to ?? [];
  const names = typeof targets === 'string' ? [targets] : [...targets];
  if (names.length === 0) {
    throw new AgoraError(
      'message/no-recipient',
      'name a recipient, several, "#group", "@capability", or "*" for everyone',
    );
  }
  return names;
}

/** The sign of a group or capability; '' for an agent. */
function kindOf(target: string): string {
  return AGENT_NAME.test(target) ? '' : target.slice(0, 1);
}

function idOf(message: IncomingMessage | string): string {
  return typeof message === 'string' ? message : message.id;
}

function checkDeadline(withinMs: number): void {
  if (withinMs >= 1 && withinMs <= LIMITS.answerWithinMs) return;
  throw new AgoraError(
    'message/bad-deadline',
    `an answer may take 1 ms to ${LIMITS.answerWithinMs} ms, not ${withinMs} ms`,
  );
}

function readDelay({ delayMs, deliverAt }: DeliveryOptions): bigint {
  if (deliverAt === undefined) return readTime('delayMs', delayMs, 0);
  if (delayMs !== undefined) throw new AgoraError('message/bad-time', 'give either delayMs or deliverAt, not both');
  const untilMs = deliverAt.getTime() - Date.now();
  return readTime('deliverAt', untilMs < 0 ? 0 : untilMs, 0);
}

function readTime(option: string, ms: number | undefined, least: number): bigint {
  if (ms === undefined) return 0n;
  if (ms >= least && ms <= LIMITS.delayMs) return BigInt(Math.ceil(ms));
  throw new AgoraError('message/bad-time', `${option} is ${least} ms to ${LIMITS.delayMs} ms ahead, not ${ms} ms`);
}
