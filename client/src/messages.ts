// Sending: to one agent, to several, to everyone; with or without waiting for the answer.

import { LIMITS, PRIORITY } from '@agora/module/contract';
import type { Act, Acts } from './acts.ts';
import type { Agents } from './agents.ts';
import type { Answer, Asks } from './asks.ts';
import { AgoraError } from './errors.ts';
import { HEADERS, PAYLOAD, toJson } from './json.ts';
import { checkPayload, type PayloadOf } from './standard-messages.ts';
import { createId } from './uuid.ts';

/** What is said, and to whom. */
export interface OutgoingMessage<Type extends string = string> {
  /** The name of an agent, several names, or `*` for everyone else. `toAgent` and `to` mean the same. */
  readonly toAgent?: string | readonly string[] | undefined;
  readonly to?: string | readonly string[] | undefined;
  readonly messageType: Type;
  readonly payload: PayloadOf<Type>;
  /** 1 low, 2 normal (the default), 3 high, 4 critical. */
  readonly priority?: number | undefined;
  readonly headers?: Readonly<Record<string, unknown>> | undefined;
  /** A UUIDv7 of your own: the same message under the same id is sent once, however often you say it. */
  readonly id?: string | undefined;
  /** The id of the message that this one is about. */
  readonly inReplyTo?: string | undefined;
}

/** How long an answer is waited for. */
export interface AnswerWithin {
  /** Seconds. */
  readonly timeout?: number | undefined;
  readonly timeoutMs?: number | undefined;
  /** Ends the waiting; the message stays sent. */
  readonly signal?: AbortSignal | undefined;
}

/** A message that the hub has. */
export interface Accepted {
  readonly messageId: string;
  readonly status: 'accepted';
}

/** What sending needs of its client. */
export interface MessageParts {
  readonly acts: Acts;
  readonly asks: Asks;
  readonly agents: Agents;
  /** The number of the sender. Throws when there is none yet. */
  readonly sender: () => bigint;
}

type SendAct = Extract<Act, { tag: 'Send' }>;

/** Sends messages, and waits for answers where they are wanted. */
export class Messages {
  readonly #parts: MessageParts;

  constructor(parts: MessageParts) {
    this.#parts = parts;
  }

  /** Sends a message; settles once the hub has it. */
  send(message: OutgoingMessage): Promise<Accepted> {
    return new Promise((resolve, reject) => {
      const act = this.actOf(message, 0);
      const accepted: Accepted = { messageId: act.value.id, status: 'accepted' };
      this.#parts.acts.perform(act, error => {
        if (error) this.#explain(error, message).catch(reject);
        else resolve(accepted);
      });
    });
  }

  /** Sends a message and waits for its answer. */
  async ask(message: OutgoingMessage, { timeout, timeoutMs, signal }: AnswerWithin): Promise<Answer> {
    signal?.throwIfAborted();
    const withinMs = timeoutMs ?? (timeout ?? 0) * 1000;
    if (!(withinMs >= 1 && withinMs <= LIMITS.answerWithinMs)) {
      throw new AgoraError(
        'message/bad-deadline',
        `an answer may take 1 ms to ${LIMITS.answerWithinMs} ms, not ${withinMs} ms`,
      );
    }
    const act = this.actOf(message, Math.ceil(withinMs));
    const { id } = act.value;
    const answer = this.#parts.asks.wait(id, withinMs, signal);
    this.#parts.acts.perform(act, error => error && this.#parts.asks.fail(id, error));
    try {
      return await answer;
    } catch (error) {
      return await this.#explain(error, message);
    }
  }

  /** Checks a message and puts it as an act. */
  actOf(message: OutgoingMessage, answerWithinMs: number): SendAct {
    const { messageType: type, payload, priority = PRIORITY.normal, headers } = message;
    if (!(Number.isInteger(priority) && priority >= PRIORITY.low && priority <= PRIORITY.critical)) {
      throw new AgoraError(
        'message/bad-priority',
        `priority ${priority} does not exist; use 1 low, 2 normal, 3 high or 4 critical`,
      );
    }
    checkPayload(type, payload);
    const to = targetsOf(message);
    const text = toJson(payload, PAYLOAD);
    return {
      tag: 'Send',
      value: {
        id: message.id ?? createId(),
        agent: this.#parts.sender(),
        to,
        type,
        payload: text,
        headers: headers === undefined ? '' : toJson(headers, HEADERS),
        priority,
        answerWithinMs,
        ttlMs: 0n,
        delayMs: 0n,
        inReplyTo: message.inReplyTo ?? '',
        onBehalfOf: '',
        forwardOf: '',
      },
    };
  }

  /** Adds to a refused name the names that may have been meant. */
  async #explain(error: unknown, message: OutgoingMessage): Promise<never> {
    if (!(error instanceof AgoraError) || error.code !== 'message/unknown-recipient') throw error;
    const names: string[] = [];
    for (const name of targetsOf(message)) {
      // The sentence names the one that nobody has.
      if (error.message.includes(`"${name}"`)) names.push(...(await this.#parts.agents.nearest(name).catch(() => [])));
    }
    if (names.length === 0) throw error;
    const meant = names.map(name => `"${name}"`).join(' or ');
    throw new AgoraError(error.code, `${error.message}; did you mean ${meant}?`, { cause: error });
  }
}

function targetsOf({ toAgent, to }: OutgoingMessage): string[] {
  const targets = toAgent ?? to ?? [];
  const names = typeof targets === 'string' ? [targets] : [...targets];
  if (names.length === 0)
    throw new AgoraError('message/no-recipient', 'name a recipient, several, or "*" for everyone');
  return names;
}
