// What a recipient sees of a message, read from the JSON text that the hub put together. Parsed once a message: a cheap
// look at its shape, no schema.

import { isObject } from './json.ts';

/** A message as its recipient reads it, before it becomes an `IncomingMessage`. */
export interface Envelope {
  readonly id: string;
  readonly from: string;
  readonly fromId: number;
  readonly to: string;
  readonly type: string;
  readonly priority: number;
  /** Microseconds since 1970; `answerBy` is 0 when no answer is wanted. */
  readonly sentAt: number;
  readonly answerBy: number;
  readonly inReplyTo?: string;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly payload?: unknown;
  /** In place of a payload that is too long to be shown at once. */
  readonly payloadBytes?: number;
}

/** Reads an envelope; undefined when the text is none. */
export function parseEnvelope(text: string): Envelope | undefined {
  const value: unknown = JSON.parse(text);
  return isEnvelope(value) ? value : undefined;
}

function isEnvelope(value: unknown): value is Envelope & Readonly<Record<string, unknown>> {
  return isObject(value) && typeof value['type'] === 'string' && typeof value['from'] === 'string';
}
