// What comes back on a question.

import { isObject } from '../base/json.ts';
import type { PendingAnswer } from '../send/pending-answer.ts';

/** What came back; `status` tells which it is. */
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
      /** Who answered; `system` when the message was given up. */
      readonly from: string;
      readonly messageId: string;
    }
  | {
      /** Whoever works on it asks back. The question goes on with `reply`, until its deadline. */
      readonly status: 'input_required';
      readonly question: unknown;
      readonly data?: undefined;
      readonly error?: undefined;
      readonly from: string;
      readonly messageId: string;
      /** Answers what was asked back. With `timeoutMs` there is that long again for the answer. */
      readonly reply: (data: unknown, options?: ReplyOptions) => PendingAnswer<Data>;
    };

/** How a question goes on. */
export interface ReplyOptions {
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Reads an answer from what its notice says. */
export function answerOf(
  payload: unknown,
  from: string,
  messageId: string,
  reply: (data: unknown, options?: ReplyOptions) => PendingAnswer,
): Answer {
  if (!isObject(payload)) return { status: 'error', error: 'the answer cannot be read', from, messageId };
  const { status, data, error } = payload;
  if (status === 'success') return { status, data, from, messageId };
  if (status === 'input_required') return { status, question: data, from, messageId, reply };
  const sentence = typeof error === 'string' ? error : 'the recipient gave no reason';
  return { status: 'error', error: sentence, from, messageId };
}
