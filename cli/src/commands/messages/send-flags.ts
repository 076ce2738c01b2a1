// The flags that `send`, `ask` and `broadcast` share.

import { LIMITS, PRIORITY, type Priority, type PriorityName } from '@agora/module/contract';
import { z } from 'zod';
import { durationWithin } from '../../base/flag-schemas.ts';
import { payloadInput } from '../../command/payload.ts';

/** A priority, by its name or its number. */
export const priority = z
  .string()
  .refine(text => Object.hasOwn(PRIORITY, text) || /^[1-4]$/.test(text), 'low, normal, high, critical, or 1 to 4')
  .transform(text => PRIORITY[text as PriorityName] ?? (Number(text) as Priority)); // the check above passed

const header = z.string().regex(/^[^=]+=/, 'key=value, such as --header ticket=42');

/** The schemas of the flags. */
export const sendFlags = {
  ...payloadInput,
  type: z.string().min(1, 'a type such as review_request'),
  priority,
  header: z.array(header).default([]),
  id: z.string().optional(),
  replyTo: z.string().optional(),
  delay: durationWithin(0, LIMITS.delayMs).optional(),
  ttl: durationWithin(1, LIMITS.delayMs).optional(),
};

/** The options of the client's `sendMessage` that these flags describe. */
export function sendOptionsOf(flags: {
  readonly type: string;
  readonly priority: Priority;
  readonly header: readonly string[];
  readonly id?: string | undefined;
  readonly replyTo?: string | undefined;
  readonly delay?: number | undefined;
  readonly ttl?: number | undefined;
}) {
  const headers = flags.header.map(each => {
    const at = each.indexOf('=');
    return [each.slice(0, at), each.slice(at + 1)] as const;
  });
  return {
    messageType: flags.type,
    priority: flags.priority,
    headers: headers.length > 0 ? Object.fromEntries(headers) : undefined,
    id: flags.id,
    inReplyTo: flags.replyTo,
    delayMs: flags.delay,
    ttlMs: flags.ttl,
  };
}

/** Recipients, separated by commas. */
export const recipients = z
  .string()
  .transform(text => text.split(',').map(name => name.trim()))
  .refine(names => names.every(name => name !== ''), 'a name, #group, @capability, or several with commas');
