// Answers to asks, and the promise of one while it is pending.

import type { AnswerPayload } from '@agora/module/contract';
import { isObject } from '../base/is-object.ts';

/** The answer to an ask, by `status`. */
export type Answer<Data = unknown> =
  | {
      readonly status: 'success';
      readonly data: Data;
      readonly error?: undefined;
      readonly from: string;
      readonly messageId: string;
    }
  | {
      readonly status: 'error';
      readonly error: string;
      readonly data?: undefined;
      /** Name of the agent that answered; `system` if the message was given up. */
      readonly from: string;
      readonly messageId: string;
    }
  | {
      /** The handler asks back. `reply` continues the ask, until its deadline. */
      readonly status: 'input_required';
      readonly question: unknown;
      readonly data?: undefined;
      readonly error?: undefined;
      readonly from: string;
      readonly messageId: string;
      /** Replies to the question. `timeoutMs` sets a new deadline from now on. */
      readonly reply: (data: unknown, options?: ReplyOptions) => PendingAnswer<Data>;
    };

/** Options of a reply to a handler that asks back. */
export interface ReplyOptions {
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Progress or a partial result that the handler of an ask sent. */
export interface ProgressSignal {
  /** Counts up from 1 per ask, over all its attempts. */
  readonly seq: number;
  readonly data: unknown;
  readonly at: Date;
}

/**
 * A pending answer: a promise of it, and an async iterable over the progress until it settles. The loop ends when the ask
 * ends, with or without an answer; awaiting the promise shows which.
 */
export interface PendingAnswer<Data = unknown> extends Promise<Answer<Data>>, AsyncIterable<ProgressSignal> {
  /** The id of the ask. */
  readonly messageId: string;
  /** The number of the last progress signal that was delivered. */
  readonly lastSignal: number;
  /** The number of progress signals that were lost, since the hub keeps the last 64 of an open ask; final with the answer. */
  readonly missedSignals: number;
  /** Cancels the ask: the handler's `signal` aborts, and the answer rejects with `delivery/cancelled`. */
  cancel(reason?: string): Promise<void>;
}

/** Reads an answer from the payload of its notice. */
export function answerOf(
  payload: unknown,
  from: string,
  messageId: string,
  reply: (data: unknown, options?: ReplyOptions) => PendingAnswer,
): Answer {
  if (!isObject(payload)) return { status: 'error', error: 'the answer cannot be read', from, messageId };
  const { status, data, error }: { readonly [Key in keyof AnswerPayload]?: unknown } = payload;
  if (status === 'success') return { status, data, from, messageId };
  if (status === 'input_required') return { status, question: data, from, messageId, reply };
  const sentence = typeof error === 'string' ? error : 'the recipient gave no reason';
  return { status: 'error', error: sentence, from, messageId };
}
