// Serialization of outbox items: acts become JSON values, which a later process reads again.

import * as z from 'zod';
import type { Act } from './acts.ts';
import type { KeptItem } from './outbox-store.ts';

/** An act that needs no answer: a message or an event. */
export type OutgoingAct = Extract<Act, { tag: 'Send' | 'Publish' }>;

/** A stored act. */
export interface KeptAct {
  /** The name of the sender. */
  readonly agent: string;
  /** When it was queued, in milliseconds since 1970. */
  readonly queuedAt: number;
  /** True if the hub may have accepted it already. */
  readonly isInDoubt: boolean;
  readonly act: OutgoingAct;
}

const text = z.string();
const time = z.number().transform(BigInt);
/** Filled in when the act is sent. */
const agent = z.bigint().default(0n);

const Kept = z.object({
  agent: text,
  queuedAt: z.number(),
  isInDoubt: z.boolean(),
  act: z.discriminatedUnion('tag', [
    z.object({
      tag: z.literal('Send'),
      value: z.object({
        id: text,
        agent,
        to: z.array(text),
        type: text,
        payload: text,
        answerWithinMs: z.literal(0),
        headers: text,
        priority: z.number(),
        ttlMs: time,
        delayMs: time,
        inReplyTo: text,
        onBehalfOf: text,
        forwardOf: text,
      }),
    }),
    z.object({
      tag: z.literal('Publish'),
      value: z.object({ id: text, agent, type: text, data: text, headers: text.default('') }),
    }),
  ]),
});

/** Converts a stored act to an item of a store. */
export function itemOf({ act, ...about }: KeptAct): KeptItem {
  const { id, agent: _, ...value } = act.value;
  const kept = { ...about, act: { tag: act.tag, value: { id, ...value } } };
  // JSON has no whole numbers of 64 bits; a time in milliseconds is below 2^53.
  const numbers = (_key: string, each: unknown) => (typeof each === 'bigint' ? Number(each) : each);
  return { id, value: JSON.parse(JSON.stringify(kept, numbers)) as unknown };
}

/** Reads an item. Throws a `ZodError` if it is not a stored act. */
export function readItem({ value }: KeptItem): KeptAct {
  return Kept.parse(value);
}

/** Returns the approximate size of an act in bytes. */
export function bytesOf({ tag, value }: OutgoingAct): number {
  return value.headers.length + (tag === 'Send' ? value.payload.length : value.data.length);
}
