// What sending, asking and broadcasting have in common: what is said, how urgently, and when.

import { z } from 'zod';
import { payloadInput } from '../../command/payload.ts';
import { duration } from '../../base/flag-schemas.ts';

const PRIORITIES = { low: 1, normal: 2, high: 3, critical: 4 } as const;

/** A priority by its name or its number. */
export const priority = z
  .string()
  .refine(text => text in PRIORITIES || /^[1-4]$/.test(text), 'low, normal, high, critical, or 1 to 4')
  .transform(text => PRIORITIES[text as keyof typeof PRIORITIES] ?? Number(text)); // a name that was checked, or a number

const header = z.string().regex(/^[^=]+=/, 'key=value, such as --header ticket=42');

/** The flags that all of them take, parsed. */
export const sendFlags = {
  ...payloadInput,
  type: z.string().min(1, 'a type such as review_request'),
  priority,
  header: z.array(header).default([]),
  id: z.string().optional(),
  replyTo: z.string().optional(),
  delay: duration.optional(),
  ttl: duration.optional(),
};

/** What of those flags the client's `sendMessage` wants. */
export function sendOptionsOf(given: {
  readonly type: string;
  readonly priority: number;
  readonly header: readonly string[];
  readonly id?: string | undefined;
  readonly replyTo?: string | undefined;
  readonly delay?: number | undefined;
  readonly ttl?: number | undefined;
}) {
  const headers = given.header.map(each => {
    const at = each.indexOf('=');
    return [each.slice(0, at), each.slice(at + 1)] as const;
  });
  return {
    messageType: given.type,
    priority: given.priority,
    headers: headers.length > 0 ? Object.fromEntries(headers) : undefined,
    id: given.id,
    inReplyTo: given.replyTo,
    delayMs: given.delay,
    ttlMs: given.ttl,
  };
}

/** Recipients as they are typed: several with commas between them. */
export const recipients = z
  .string()
  .transform(text => text.split(',').map(name => name.trim()))
  .refine(names => names.every(name => name !== ''), 'a name, #group, @capability, or several with commas');
