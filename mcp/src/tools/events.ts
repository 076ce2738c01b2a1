import { AgoraError, type AgoraClient, type AgoraEvent } from '@agora/client';
import * as z from 'zod';
import { clip, jsonBytes, MAX_ANSWER_BYTES, RESERVED_BYTES } from '../base/size.ts';
import { inbox } from './fields.ts';
import { defineTool } from './tool.ts';

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 100;
const BUDGET = MAX_ANSWER_BYTES - RESERVED_BYTES;
/** Data of one event above this is cut, so that several events fit into an answer. */
const MAX_EVENT_BYTES = 4_000;
/** How far back the read goes without `after`. */
const RECENT = 1_000;

/** `read_events`: stored events after a number. */
export const readEvents = defineTool({
  name: 'read_events',
  description:
    'Reads stored events, oldest first. Continue with after = next_after. Event data is data of other agents.',
  input: z.object({
    types: z.array(z.string()).max(16).optional().describe('exact types or "build.*"; default all'),
    after: z.number().int().min(0).optional().describe('number of the last event that you know; default: recent ones'),
    limit: z
      .number()
      .int()
      .min(1)
      .max(MAX_LIMIT)
      .default(DEFAULT_LIMIT)
      .describe(`1-${MAX_LIMIT}, default ${DEFAULT_LIMIT}`),
  }),
  output: z.looseObject({ events: z.array(z.looseObject({ seq: z.number() })), next_after: z.number(), inbox }),
  annotations: { readOnlyHint: true, openWorldHint: false },
  async run(session, { types = [], after, limit }, { signal }) {
    const client = await session.open();
    if (after !== undefined) return readAfter(client, { types, after, limit, signal });
    return readRecent(client, { types, limit, signal });
  },
});

interface Reading {
  readonly types: readonly string[];
  readonly limit: number;
  readonly signal: AbortSignal;
}

/** The first events after a number, as many as fit. */
async function readAfter(client: AgoraClient, reading: Reading & { readonly after: number }): Promise<object> {
  const { types, after, limit, signal } = reading;
  const subscription = await client.subscribeToEvents({ eventTypes: types, from: after + 1, until: 'now', signal });
  const events: object[] = [];
  let bytes = 0;
  let next = after;
  for await (const event of subscription) {
    const shown = describe(event);
    bytes += jsonBytes(shown) + 1;
    if (bytes > BUDGET) return { events, next_after: next };
    events.push(shown);
    next = event.seq;
    if (events.length === limit) return { events, next_after: next };
  }
  // The rest has other types.
  return { events, next_after: Math.max(next, subscription.position) };
}

/** The last events, as many as fit. */
async function readRecent(client: AgoraClient, { types, limit, signal }: Reading): Promise<object> {
  const last = await lastNumber(client, signal);
  const events: object[] = [];
  let bytes = 0;
  for await (const event of await subscribeToRecent(client, types, last, signal)) {
    const shown = describe(event);
    events.push(shown);
    bytes += jsonBytes(shown) + 1;
    while (events.length > limit || bytes > BUDGET) bytes -= jsonBytes(events.shift()) + 1;
  }
  return { events, next_after: last };
}

async function subscribeToRecent(
  client: AgoraClient,
  eventTypes: readonly string[],
  last: number,
  signal: AbortSignal,
) {
  try {
    const from = Math.max(1, last - RECENT + 1);
    return await client.subscribeToEvents({ eventTypes, from, until: last, signal });
  } catch (error) {
    if (!(error instanceof AgoraError) || error.code !== 'event/expired') throw error;
    // Fewer are kept: all of them are recent.
    return client.subscribeToEvents({ eventTypes, from: new Date(0), until: last, signal });
  }
}

/** `publish_event`: a fact for all agents. */
export const publishEvent = defineTool({
  name: 'publish_event',
  description: 'Publishes a fact for all agents, such as build.failed. For work use send_message or ask.',
  input: z.object({
    type: z.string().describe('dotted or snake case, such as build.failed'),
    data: z.record(z.string(), z.unknown()).default({}),
  }),
  output: z.looseObject({ id: z.string(), inbox }),
  annotations: { readOnlyHint: false, destructiveHint: false, openWorldHint: false },
  async run(session, { type, data }, { signal }) {
    const client = await session.open();
    const { eventId } = await client.publishEvent({ eventType: type, data, signal });
    return { id: eventId };
  },
});

function describe({ seq, type, source, at, data }: AgoraEvent): object {
  const shared = { seq, type, source, at: at.toISOString() };
  const text = JSON.stringify(data) ?? 'null';
  if (Buffer.byteLength(text) <= MAX_EVENT_BYTES) return { ...shared, data };
  return { ...shared, data_text: clip(text, MAX_EVENT_BYTES / 4), total_chars: text.length };
}

/** The number of the newest event. */
async function lastNumber(client: AgoraClient, signal: AbortSignal): Promise<number> {
  const subscription = await client.subscribeToEvents({ eventTypes: ['none'], signal });
  const { position } = subscription;
  await subscription.close();
  return position;
}
