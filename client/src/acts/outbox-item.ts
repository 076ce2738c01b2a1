// How an outbox writes down what was said, and reads it again in a later process.

import * as z from 'zod';
import type { Act } from './acts.ts';
import type { KeptItem } from './outbox-store.ts';

/** What is said without waiting for an answer: a message or an event. */
export type Said = Extract<Act, { tag: 'Send' | 'Publish' }>;

/** Something that was said, as it is kept. */
export interface KeptSaid {
  /** The name of the agent that said it. */
  readonly agent: string;
  /** Milliseconds since 1970. */
  readonly saidAt: number;
  /** The hub may have it already. */
  readonly isDoubtful: boolean;
  readonly said: Said;
}

const text = z.string();
const time = z.number().transform(BigInt);
/** Filled in when it is played. */
const agent = z.bigint().default(0n);

const Kept = z.object({
  agent: text,
  saidAt: z.number(),
  isDoubtful: z.boolean(),
  said: z.discriminatedUnion('tag', [
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

/** Writes down what was said. */
export function itemOf({ said, ...about }: KeptSaid): KeptItem {
  const { id, agent: _, ...value } = said.value;
  const kept = { ...about, said: { tag: said.tag, value: { id, ...value } } };
  // JSON has no whole numbers of 64 bits; a time in milliseconds is below 2^53.
  const numbers = (_key: string, each: unknown) => (typeof each === 'bigint' ? Number(each) : each);
  return { id, value: JSON.parse(JSON.stringify(kept, numbers)) as unknown };
}

/** Reads it again. Throws a `ZodError` for what is none. */
export function readItem({ value }: KeptItem): KeptSaid {
  return Kept.parse(value);
}

/** About as many bytes as it has. */
export function bytesOf({ tag, value }: Said): number {
  return value.headers.length + (tag === 'Send' ? value.payload.length : value.data.length);
}
