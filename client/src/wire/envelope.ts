// Envelopes of received messages: parsed once per message, with a cheap check of the shape instead of a schema.

import type { Envelope, EnvelopeReference } from '@agora/module/contract';
import { isObject } from '../base/is-object.ts';
import { dateOf } from '../base/micros.ts';

/** A message that another message refers to; the hub has verified that its sender had it. */
export interface MessageReference {
  readonly id: string;
  /** Name of its sender. */
  readonly from: string;
  readonly fromId: number;
  readonly type: string;
  readonly sentAt: Date;
}

/** Parses an envelope; undefined for any other text. */
export function parseEnvelope(text: string): Envelope | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isEnvelope(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Converts references, nearest first. */
export function referencesOf(references: readonly EnvelopeReference[] = []): readonly MessageReference[] {
  return references.map(each => ({ ...each, sentAt: dateOf(each.sentAt) }));
}

function isEnvelope(value: unknown): value is Envelope & Readonly<Record<string, unknown>> {
  return isObject(value) && typeof value['type'] === 'string' && typeof value['from'] === 'string';
}
