// What a recipient sees of a message, read from the JSON text that the hub put together. Parsed once a message: a cheap
// look at its shape, no schema.

import { isObject } from '../base/json.ts';

/** A reference to another message, as the hub verified it. */
interface WireReference {
  readonly id: string;
  readonly from: string;
  readonly fromId: number;
  readonly type: string;
  readonly sentAt: number;
}

/** A message that another one refers to: the hub has verified that its sender had it. */
export interface MessageReference {
  readonly id: string;
  /** Who sent it. */
  readonly from: string;
  readonly fromId: number;
  readonly type: string;
  readonly sentAt: Date;
}

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
  /** The question that this reply goes on with. */
  readonly continues?: string;
  /** Microseconds since 1970. */
  readonly expiresAt?: number;
  readonly onBehalfOf?: readonly WireReference[];
  readonly forwarded?: readonly WireReference[];
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

/** References with their times as dates, nearest first. */
export function referencesOf(references: readonly WireReference[] = []): readonly MessageReference[] {
  return references.map(each => ({ ...each, sentAt: new Date(each.sentAt / 1000) }));
}

function isEnvelope(value: unknown): value is Envelope & Readonly<Record<string, unknown>> {
  return isObject(value) && typeof value['type'] === 'string' && typeof value['from'] === 'string';
}
