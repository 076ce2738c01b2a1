// A message as its recipient holds it: what was said, and what can be done with it, once.

import { LIMITS, type Envelope } from '@agora/module/contract';
import type { Act, Settled } from '../acts/acts.ts';
import type { Settlement } from '../acts/settlement.ts';
import { referencesOf, type MessageReference } from '../wire/envelope.ts';
import { AgoraError, PermanentError, textOf } from '../base/errors.ts';
import { ANSWER, SIGNAL, toJson } from '../base/json.ts';
import type { AnswerInputOf, NoTypes, PayloadOf } from '../wire/message-types.ts';
import { isPromiseLike } from '../base/waiting.ts';
import { traceIn, type TraceContext } from '../base/trace-context.ts';
import { dateOf, dateOrNone } from '../base/micros.ts';

/** What a handler may do with the message it was given, besides returning and throwing. */
export interface MessageContext<Answer = unknown> {
  /** Which attempt this is: 1 for the first. */
  readonly attempt: number;
  /**
   * Aborted when the message is no longer this handler's: cancelled by its sender (`delivery/cancelled`), lease over or
   * taken back (`delivery/stale-attempt`), client or subscription closed (`client/closed`).
   */
  readonly signal: AbortSignal;
  /**
   * Finishes the message with an answer. Where nobody asked (`wantsAnswer` is false), just finishes it. Throws
   * `delivery/bad-answer` for what is no answer to a type that was declared; the message is open still.
   */
  respond(this: void, data: Answer): Promise<void>;
  /** Finishes the message with the answer that it could not be done. */
  respondError(this: void, error: string): Promise<void>;
  /** Fails the message: tried again after a while by default, else failed for good. */
  fail(this: void, reason: string, options?: { readonly retry?: boolean }): Promise<void>;
  /**
   * Tells whoever asked how far it is: progress or a partial result, JSON of at most 16 KiB. Comes in order and before the
   * answer; need not be awaited. Does nothing where nobody asked.
   */
  progress(this: void, data: unknown): Promise<void>;
  /** Asks back, and so finishes this attempt: the reply comes as a question of its own, which `continues` this one. */
  requireInput(this: void, question: unknown): Promise<void>;
  /** The message is kept for this long from now, at most an hour. Leases of running handlers are renewed anyway. */
  extend(this: void, ms: number): Promise<void>;
}

/** What a handler returns: an answer, or nothing where it was settled otherwise. Any JSON where no answer was declared. */
export type Returned<Answer> = unknown extends Answer ? unknown : Answer | undefined | PromiseLike<Answer | undefined>;

/** What is expected of the recipient: nothing more, an answer, the output of a step; or it was said to everyone. */
export type MessageKind = 'message' | 'ask' | 'task' | 'broadcast';

/** What a message needs from those who brought it. */
export interface MessageKeeper {
  /** `isAwaited`: somebody is told what becomes of it. */
  perform(
    act: Act,
    settled: Settled | undefined,
    options: { readonly kept: boolean; readonly isAwaited: boolean },
  ): void;
  /** The message was settled on this side, by `act`. */
  settled(message: IncomingMessage): void;
  /** A settlement that nobody waits for was refused by the hub. */
  refused(message: IncomingMessage, error: AgoraError): void;
  /** The hub was asked for a longer lease. */
  extended(message: IncomingMessage, ms: number): void;
}

/** Checks an answer, as JSON, that is about to be given; undefined where the handler gave none. Throws `delivery/bad-answer`. */
export type AnswerCheck = (text: string | undefined) => Promise<void> | undefined;

/** A message of one of some types: looking at `type` tells what its payload is. */
export type MessageOf<Type extends string, Types = NoTypes> = Type extends string
  ? IncomingMessage<Type, Types>
  : never;

/** A message that was received. It is settled once: by a handler's end, or by one of its methods. */
export class IncomingMessage<Type extends string = string, Types = NoTypes> implements MessageContext<
  AnswerInputOf<Type, Types>
> {
  readonly id: string;
  readonly type: Type;
  /** The name of the sender. */
  readonly from: string;
  readonly fromId: number;
  /** Targets as the sender said them; `['*']` for a broadcast. */
  readonly to: readonly string[];
  /** What was said, as the schema of its type reads it. */
  readonly payload: PayloadOf<Type, Types>;
  readonly priority: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly sentAt: Date;
  /** Until when an answer is wanted, if one is. */
  readonly answerBy: Date | undefined;
  readonly inReplyTo: string | undefined;
  /** The id of the question that this reply to a question back goes on with. */
  readonly continues: string | undefined;
  /** Until when it is handed out, if it has a time to live. */
  readonly expiresAt: Date | undefined;
  /** On whose behalf it was sent, nearest first: verified by the hub. `client.readReference` reads them. */
  readonly onBehalfOf: readonly MessageReference[];
  /** What it passes on, nearest first: verified by the hub. */
  readonly forwarded: readonly MessageReference[];
  /** A message, a question (`ask`), the step of a workflow (`task`), or a broadcast. */
  readonly kind: MessageKind;
  readonly attempt: number;
  readonly #settlement: Settlement;
  readonly #keeper: MessageKeeper;
  #state: 'open' | 'settled' | 'lost' = 'open';
  #abort: AbortController | undefined;
  #interruption: Error | undefined;
  #signals = 0;
  #checkAnswer: AnswerCheck | undefined;
  #settling: ((message: IncomingMessage, tag: Act['tag']) => Settled | undefined) | undefined;

  constructor(envelope: Envelope, kind: MessageKind, attempt: number, duty: Settlement, keeper: MessageKeeper) {
    this.id = envelope.id;
    this.type = envelope.type as Type; // whoever asked for this type asked for messages of it
    this.from = envelope.from;
    this.fromId = envelope.fromId;
    this.to = envelope.to.split(' ');
    this.payload = envelope.payload as PayloadOf<Type, Types>; // checked against the schema of its type before a handler sees it
    this.priority = envelope.priority;
    this.headers = envelope.headers ?? {};
    this.sentAt = dateOf(envelope.sentAt);
    this.answerBy = dateOrNone(envelope.answerBy);
    this.inReplyTo = envelope.inReplyTo;
    this.continues = envelope.continues;
    this.expiresAt = dateOrNone(envelope.expiresAt ?? 0);
    this.onBehalfOf = referencesOf(envelope.onBehalfOf);
    this.forwarded = referencesOf(envelope.forwarded);
    this.kind = kind;
    this.attempt = attempt;
    this.#settlement = duty;
    this.#keeper = keeper;
  }

  /** The name of the sender. */
  get sourceAgent(): string {
    return this.from;
  }

  /** The name of the sender, as the wire spells it. */
  get source_agent(): string {
    return this.from;
  }

  /** The trace it was sent in: what a handler says is part of it, and says so itself in a browser (`trace: message.trace`). */
  get trace(): TraceContext | undefined {
    return traceIn(this.headers);
  }

  /** Whether the sender waits for an answer. */
  get wantsAnswer(): boolean {
    return this.kind === 'ask';
  }

  /** Whether it was said to everyone. */
  get broadcast(): boolean {
    return this.kind === 'broadcast';
  }

  /** Whether it is still this recipient's to settle. */
  get isOpen(): boolean {
    return this.#state === 'open';
  }

  get signal(): AbortSignal {
    if (!this.#abort) {
      this.#abort = new AbortController();
      if (this.#interruption) this.#abort.abort(this.#interruption);
    }
    return this.#abort.signal;
  }

  // What handlers call is bound to the message where it is looked up, so that `({ signal, progress })` takes it along.

  /** Finishes the message: for whoever takes messages from an iterator. */
  get ack(): () => Promise<void> {
    return () => this.#settle(this.#settlement.acknowledge());
  }

  get respond(): MessageContext<AnswerInputOf<Type, Types>>['respond'] {
    return data => this.#respond(data);
  }

  get respondError(): MessageContext['respondError'] {
    return error => this.#settle(this.#settlement.respondError(error));
  }

  get fail(): MessageContext['fail'] {
    return (reason, options = {}) => this.#settle(this.#settlement.fail(reason, options.retry ?? true));
  }

  get progress(): MessageContext['progress'] {
    return data => this.#progress(data);
  }

  get requireInput(): MessageContext['requireInput'] {
    return question => this.#requireInput(question);
  }

  get extend(): MessageContext['extend'] {
    return ms => this.#extend(ms);
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
    // Whoever does not wait for it need not hear that it was refused.
    sent.catch(() => undefined);
    return sent;
  }

  async #requireInput(question: unknown): Promise<void> {
    const act = this.#settlement.requireInput(toJson(question ?? null, ANSWER));
    if (!act) throw new AgoraError('delivery/no-asker', `nobody waits for an answer to message ${this.id}`);
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

  /** Ends the message as a handler that returned: nobody waits for that, so there is no promise. */
  finishWith(value: unknown): void {
    if (this.#state !== 'open') return;
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

  /** Ends the message as a handler that threw. */
  failWith(thrown: unknown): void {
    if (this.#state !== 'open') return;
    this.#end(this.#settlement.fail(textOf(thrown), !(thrown instanceof PermanentError)), undefined);
  }

  /** The payload as the schema of its type has read it. */
  readAs(payload: unknown): void {
    (this as { payload: unknown }).payload = payload; // nobody has seen the message yet
  }

  /** Has what it is answered with checked. */
  checkAnswers(check: AnswerCheck): void {
    this.#checkAnswer = check;
  }

  /** Checks an answer (JSON, undefined for none). Throws `delivery/bad-answer`; a promise only where its schema takes time. */
  checkAnswer(text: string | undefined): Promise<void> | undefined {
    return this.#checkAnswer?.(text);
  }

  /** Has its settling observed: what is given is called with the act, and what that returns, with how it went. */
  observeSettling(settling: (message: IncomingMessage, tag: Act['tag']) => Settled | undefined): void {
    this.#settling = settling;
  }

  /** It is no longer this recipient's. */
  lose(reason: Error): void {
    if (this.#state !== 'open') return;
    this.#state = 'lost';
    this.interrupt(reason);
  }

  /** Tells the handler to stop; whatever it ends with still counts. */
  interrupt(reason: Error): void {
    this.#interruption ??= reason;
    this.#abort?.abort(this.#interruption);
  }

  /** Settled by a batch, whose call carries this act. */
  settleInBatch(act: (duty: Settlement) => Act): Act {
    this.#checkOpen();
    const made = act(this.#settlement);
    if (made.tag === 'FailBroadcast') {
      throw new AgoraError('delivery/unknown', 'a broadcast is not failed in a batch; use its method fail()');
    }
    this.#state = 'settled';
    this.#keeper.settled(this);
    return made;
  }

  /** The batch that would have settled it was refused. */
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
    if (this.#state === 'settled') throw new AgoraError('message/settled', `message ${this.id} was settled before`);
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
    this.#keeper.perform(
      act,
      error => {
        observed?.(error);
        if (settled) settled(error);
        else if (error) this.#keeper.refused(this, error);
      },
      { kept: true, isAwaited: settled !== undefined },
    );
  }
}
