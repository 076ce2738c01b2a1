// A received message: its content, and the methods that settle it once.

import { LIMITS, type DutyKind, type Envelope, type FencingClaim } from '@agora/module/contract';
import type { Act, Settled } from '../acts/acts.ts';
import { fenceOf } from '../acts/fence.ts';
import type { Settlement } from '../acts/settlement.ts';
import { referencesOf, type MessageReference } from '../wire/envelope.ts';
import { AgoraError, isPermanent, PermanentError, textOf } from '../base/errors.ts';
import { ANSWER, SIGNAL, toJson } from '../base/json.ts';
import type { AnswerInputOf, NoTypes, PayloadOf } from '../wire/message-types.ts';
import type { Priority } from '../wire/priority.ts';
import { checkKeys, type Keys } from '../base/known-keys.ts';
import { reported } from '../base/reported-promise.ts';
import { isPromiseLike } from '../base/waiting.ts';
import { traceIn, type TraceContext } from '../base/trace-context.ts';
import { dateOf, dateOrNone } from '../base/micros.ts';

/**
 * What a handler can do with its message, beside returning and throwing.
 *
 * @example
 * ```ts
 * await client.subscribeToMessages('build', async (message, { attempt, signal, progress, respond, fail }) => {
 *   if (attempt > 3) return fail('the build is broken', { retry: false });
 *   await progress({ percent: 10 });
 *   if (!signal.aborted) await respond({ ok: true });
 * });
 * ```
 */
export interface MessageContext<Answer = unknown> {
  /** Number of the attempt, from 1 on. */
  readonly attempt: number;
  /**
   * Aborts when the message is taken from this handler: cancelled by its sender (`delivery/cancelled`), lease expired or
   * delivery taken back (`delivery/stale-attempt`), client or subscription closed (`client/closed`).
   */
  readonly signal: AbortSignal;
  /**
   * Finishes the message with an answer; if no answer is expected (`wantsAnswer` is false), finishes it without. Throws
   * `delivery/bad-answer` if the declared type does not match; the message then stays open.
   */
  respond(this: void, data: Answer): Promise<void>;
  /** Finishes the message with an error as the answer. */
  respondError(this: void, error: string): Promise<void>;
  /** Fails the message. The hub offers it again after a pause, unless `retry` is false. */
  fail(this: void, reason: string, options?: FailOptions): Promise<void>;
  /**
   * Sends progress or a partial result to the asker: JSON of at most 16 KiB, in order and before the answer. It need not be
   * awaited, and is a no-op if no answer is expected.
   */
  progress(this: void, data: unknown): Promise<void>;
  /** Asks the asker back, which finishes this attempt. The reply is a new ask, which `continues` this one. */
  requireInput(this: void, question: unknown): Promise<void>;
  /**
   * Makes the result name a held claim, also the return value of the handler: the hub refuses it with `claim/outdated` once the
   * claim has ended, and the message is offered again. Without effect on a broadcast, which has no result.
   */
  fence(this: void, claim: FencingClaim): void;
  /** Sets the lease to `ms` from now, at most one hour. Leases of running handlers are renewed automatically. */
  extend(this: void, ms: number): Promise<void>;
}

/** Options of `fail`. */
export interface FailOptions {
  /** False for a final failure. Default true. */
  readonly retry?: boolean | undefined;
}

const FAIL_OPTIONS: Keys<FailOptions> = { retry: true };

/** Return value of a handler: an answer, or undefined if it settled the message itself. Any JSON for an undeclared type. */
export type Returned<Answer> = unknown extends Answer ? unknown : Answer | undefined | PromiseLike<Answer | undefined>;

/** Kind of a message: it expects no answer, an answer, or the output of a step; or it is a broadcast. */
export type MessageKind = DutyKind | 'broadcast';

/** How an act of a message is sent. */
export interface SettleOptions {
  /** True if it survives a lost connection. */
  readonly kept: boolean;
  /** True if a caller waits for its outcome. */
  readonly isAwaited: boolean;
  readonly fence?: Act | undefined;
}

/** Callbacks of a message to its source. */
export interface MessageKeeper {
  /** Sends an act. */
  perform(act: Act, settled: Settled | undefined, options: SettleOptions): void;
  /** The message was settled by this client. */
  settled(message: IncomingMessage): void;
  /** The hub refused a settlement that no caller waits for. */
  refused(message: IncomingMessage, error: AgoraError): void;
  /** Receives the refusal of a settlement that the program does not await. */
  warn(error: AgoraError): void;
  /** A longer lease was requested. */
  extended(message: IncomingMessage, ms: number): void;
}

/** Checks an outgoing answer (JSON; undefined for none). Throws `delivery/bad-answer`. */
export type AnswerCheck = (text: string | undefined) => Promise<void> | undefined;

/** A message of one of several types; a check of `type` narrows its payload. */
export type MessageOf<Type extends string, Types = NoTypes> = Type extends string
  ? IncomingMessage<Type, Types>
  : never;

/** A received message. It is settled once: by the end of its handler, or by one of its methods. */
export class IncomingMessage<Type extends string = string, Types = NoTypes> implements MessageContext<
  AnswerInputOf<Type, Types>
> {
  readonly id: string;
  readonly type: Type;
  /** Name of the sender. */
  readonly from: string;
  readonly fromId: number;
  /** Targets as the sender wrote them; `['*']` for a broadcast. */
  readonly to: readonly string[];
  /** The payload as the schema of its type has read it. */
  readonly payload: PayloadOf<Type, Types>;
  readonly priority: Priority;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly sentAt: Date;
  /** Deadline of the answer, if one is expected. */
  readonly answerBy: Date | undefined;
  readonly inReplyTo: string | undefined;
  /** @internal Id of the ask that this reply continues. */
  readonly continues: string | undefined;
  /** End of its time to live, if it has one. */
  readonly expiresAt: Date | undefined;
  /** The claim that its sender named, and held when the hub accepted it, with its number. */
  readonly claim: FencingClaim | undefined;
  /** The messages on whose behalf it was sent, nearest first, verified by the hub. `client.readReference` reads them. */
  readonly onBehalfOf: readonly MessageReference[];
  /** The messages that it forwards, nearest first, verified by the hub. */
  readonly forwarded: readonly MessageReference[];
  /** `message`, `ask`, `task` (the step of a workflow), or `broadcast`. */
  readonly kind: MessageKind;
  readonly attempt: number;
  readonly #settlement: Settlement;
  readonly #keeper: MessageKeeper;
  #state: 'open' | 'settled' | 'lost' = 'open';
  #abort: AbortController | undefined;
  #interruption: Error | undefined;
  #signals = 0;
  #fence: Act | undefined;
  #checkAnswer: AnswerCheck | undefined;
  #settling: ((message: IncomingMessage, tag: Act['tag']) => Settled | undefined) | undefined;

  /** @internal */
  constructor(envelope: Envelope, kind: MessageKind, attempt: number, settlement: Settlement, keeper: MessageKeeper) {
    this.id = envelope.id;
    this.type = envelope.type as Type; // subscriptions dispatch by type
    this.from = envelope.from;
    this.fromId = envelope.fromId;
    this.to = envelope.to.split(' ');
    this.payload = envelope.payload as PayloadOf<Type, Types>; // the dispatcher checks it before a handler gets it
    this.priority = envelope.priority as Priority; // the hub stores only these
    this.headers = envelope.headers ?? {};
    this.sentAt = dateOf(envelope.sentAt);
    this.answerBy = dateOrNone(envelope.answerBy);
    this.inReplyTo = envelope.inReplyTo;
    this.continues = envelope.continues;
    this.expiresAt = dateOrNone(envelope.expiresAt ?? 0);
    this.claim = envelope.claim;
    this.onBehalfOf = referencesOf(envelope.onBehalfOf);
    this.forwarded = referencesOf(envelope.forwarded);
    this.kind = kind;
    this.attempt = attempt;
    this.#settlement = settlement;
    this.#keeper = keeper;
  }

  /** Name of the sender; the same as `from`. */
  get sourceAgent(): string {
    return this.from;
  }

  /** Name of the sender; the same as `from`. */
  get source_agent(): string {
    return this.from;
  }

  /** Its trace context. Messages of its handler continue it; in a browser the handler passes `trace: message.trace`. */
  get trace(): TraceContext | undefined {
    return traceIn(this.headers);
  }

  /** Returns true if the message has this type, and narrows its payload: for handlers of every type. */
  is<const Name extends string>(type: Name): this is IncomingMessage<Name, Types> {
    return (this.type as string) === type;
  }

  /** True if the sender waits for an answer. */
  get wantsAnswer(): boolean {
    return this.kind === 'ask';
  }

  /** True if it is a broadcast. */
  get broadcast(): boolean {
    return this.kind === 'broadcast';
  }

  /** True until it is settled or taken back. */
  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** True once the signal of its handler has aborted. */
  get isInterrupted(): boolean {
    return this.#interruption !== undefined;
  }

  get signal(): AbortSignal {
    if (!this.#abort) {
      this.#abort = new AbortController();
      if (this.#interruption) this.#abort.abort(this.#interruption);
    }
    return this.#abort.signal;
  }

  // Getters return bound functions, so that handlers can destructure their context: `({ signal, progress })`.

  /** Finishes the message without an answer: for messages from an iterator or from `takeMail`. */
  get ack(): () => Promise<void> {
    return () => this.#reported('ack', () => this.#settle(this.#settlement.acknowledge()));
  }

  get respond(): MessageContext<AnswerInputOf<Type, Types>>['respond'] {
    return data => this.#reported('respond', () => this.#respond(data));
  }

  get respondError(): MessageContext['respondError'] {
    return error => this.#reported('respondError', () => this.#settle(this.#settlement.respondError(error)));
  }

  get fail(): MessageContext['fail'] {
    return (reason, options = {}) =>
      this.#reported('fail', async () => {
        checkKeys('the options of fail()', options, FAIL_OPTIONS);
        await this.#settle(this.#settlement.fail(reason, options.retry ?? true));
      });
  }

  get progress(): MessageContext['progress'] {
    return data => this.#progress(data);
  }

  get requireInput(): MessageContext['requireInput'] {
    return question => this.#reported('requireInput', () => this.#requireInput(question));
  }

  get fence(): MessageContext['fence'] {
    return claim => {
      this.#checkOpen();
      this.#fence = fenceOf(claim);
    };
  }

  get extend(): MessageContext['extend'] {
    return ms => this.#reported('extend', () => this.#extend(ms));
  }

  #reported(what: string, settle: () => Promise<void>): Promise<void> {
    return reported(`${what}() of message ${this.id}`, settle(), error => this.#keeper.warn(error));
  }

  async #respond(data: unknown): Promise<void> {
    const text = toJson(data ?? null, ANSWER);
    const checking = this.checkAnswer(text);
    if (checking) await checking;
    await this.#settle(this.#settlement.finish(text));
  }

  #progress(data: unknown): Promise<void> {
    const sent = new Promise<void>((resolve, reject) => {
      const text = toJson(data ?? null, SIGNAL);
      this.#checkOpen();
      const act = this.#settlement.progress(this.#signals + 1, text);
      if (!act) return resolve();
      this.#signals++;
      this.#keeper.perform(act, error => (error ? reject(error) : resolve()), { kept: false, isAwaited: true });
    });
    // A caller that does not await it ignores its refusal.
    sent.catch(() => undefined);
    return sent;
  }

  async #requireInput(question: unknown): Promise<void> {
    const act = this.#settlement.requireInput(toJson(question ?? null, ANSWER));
    if (!act) throw new AgoraError('delivery/no-asker', `message ${this.id} expects no answer`);
    await this.#settle(act);
  }

  async #extend(ms: number): Promise<void> {
    if (!Number.isInteger(ms) || ms < 1 || ms > LIMITS.maxLeaseMs) {
      throw new AgoraError('delivery/bad-lease', `a lease lasts 1 to ${LIMITS.maxLeaseMs} ms, not ${ms}`);
    }
    const act = this.#settlement.extend(ms);
    if (!act) return;
    this.#keeper.extended(this, ms);
    await new Promise<void>((resolve, reject) => {
      this.#keeper.perform(act, error => (error ? reject(error) : resolve()), { kept: false, isAwaited: true });
    });
  }

  /** @internal Settles the message after its handler returned. No caller waits for it, so there is no promise. */
  finishWith(value: unknown): void {
    if (this.#state !== 'open') return this.#warnIfLate();
    const failed = (error: unknown) => this.failWith(new PermanentError(textOf(error), { cause: error }));
    try {
      const text = value === undefined ? undefined : toJson(value, ANSWER);
      const finish = () => {
        if (this.#state !== 'open') return;
        this.#end(text === undefined ? this.#settlement.acknowledge() : this.#settlement.finish(text), undefined);
      };
      const checking = this.checkAnswer(text);
      if (isPromiseLike(checking)) checking.then(finish, failed);
      else finish();
    } catch (error) {
      failed(error);
    }
  }

  /** Reports a result that the hub no longer accepts: it has offered the message again. */
  #warnIfLate(): void {
    const isTakenBack =
      this.#interruption instanceof AgoraError && this.#interruption.code === 'delivery/stale-attempt';
    if (this.#state !== 'lost' || !isTakenBack) return;
    const sentence = `the result of ${this.type} ${this.id} is dropped: the hub had taken attempt ${this.attempt} back before the handler ended`;
    this.#keeper.warn(new AgoraError('delivery/stale-attempt', sentence));
  }

  /** @internal Settles the message after its handler threw. */
  failWith(thrown: unknown): void {
    if (this.#state !== 'open') return;
    this.#end(this.#settlement.fail(textOf(thrown), !isPermanent(thrown)), undefined);
  }

  /** @internal Replaces the payload by the output of its schema, before the message is dispatched. */
  readAs(payload: unknown): void {
    (this as { payload: unknown }).payload = payload; // not dispatched yet
  }

  /** @internal Sets the check of its answer. */
  checkAnswers(check: AnswerCheck): void {
    this.#checkAnswer = check;
  }

  /** @internal Checks an answer (JSON; undefined for none). Throws `delivery/bad-answer`; returns a promise only for async schemas. */
  checkAnswer(text: string | undefined): Promise<void> | undefined {
    return this.#checkAnswer?.(text);
  }

  /** @internal Sets an observer of its settlement; the function that it returns is called with the outcome. */
  observeSettling(settling: (message: IncomingMessage, tag: Act['tag']) => Settled | undefined): void {
    this.#settling = settling;
  }

  /** @internal Takes the message from its recipient. */
  lose(reason: Error): void {
    if (this.#state !== 'open') return;
    this.#state = 'lost';
    this.interrupt(reason);
  }

  /** @internal Aborts the signal of its handler, whose result still counts. */
  interrupt(reason: Error): void {
    this.#interruption ??= reason;
    this.#abort?.abort(this.#interruption);
  }

  /** @internal Settles it as part of a batch; returns the act for that call. */
  settleInBatch(act: (settlement: Settlement) => Act, isFenced: boolean): Act {
    this.#checkOpen();
    if (this.#fence && !isFenced)
      throw new AgoraError(
        'client/bad-option',
        `message ${this.id} names a claim; name it in the options of the batch`,
      );
    const made = act(this.#settlement);
    if (made.tag === 'FailBroadcast') {
      throw new AgoraError('delivery/unknown', 'a broadcast cannot fail in a batch; use its method fail()');
    }
    this.#state = 'settled';
    this.#keeper.settled(this);
    return made;
  }

  /** @internal Opens the message again after its batch, or its fenced settlement, was refused. */
  reopen(): void {
    if (this.#state === 'settled') this.#state = 'open';
  }

  #settle(act: Act): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#checkOpen();
      this.#end(act, error => (error ? reject(error) : resolve()));
    });
  }

  #checkOpen(): void {
    if (this.#state === 'settled') throw new AgoraError('message/settled', `message ${this.id} is settled already`);
    if (this.#state === 'lost') {
      const isCancelled = this.#interruption instanceof AgoraError && this.#interruption.code === 'delivery/cancelled';
      throw new AgoraError(
        isCancelled ? 'delivery/cancelled' : 'delivery/stale-attempt',
        `message ${this.id} was taken back: ${textOf(this.#interruption)}`,
      );
    }
  }

  #end(act: Act, settled: Settled | undefined): void {
    this.#state = 'settled';
    this.#keeper.settled(this);
    const observed = this.#settling?.(this, act.tag);
    const done = (error: AgoraError | undefined) => {
      observed?.(error);
      // Its program may fail the message now, so that it is offered again.
      if (settled && error?.code === 'claim/outdated') this.reopen();
      if (settled) settled(error);
      else if (error) this.#keeper.refused(this, error);
    };
    const fence = this.broadcast || isRetry(act) ? undefined : this.#fence;
    this.#keeper.perform(act, done, { kept: true, isAwaited: settled !== undefined, fence });
  }
}

/** Returns true for an act after which the hub offers the message again: it has no result that a fence protects. */
function isRetry(act: Act): boolean {
  return (act.tag === 'Fail' || act.tag === 'FailStep') && act.value.retry;
}
