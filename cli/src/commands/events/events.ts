// `agora events`: shows stored events, or follows new ones.

import type { AgoraClient, AgoraEvent, EventOptions } from '@agora/client';
import { z } from 'zod';
import { EXIT } from '../../base/cli-error.ts';
import { duration, wholeNumber } from '../../base/flag-schemas.ts';
import type { CommandContext } from '../../command/command-context.ts';
import { defineCommand } from '../../command/command.ts';
import { shortValue } from '../../command/message-text.ts';

/** The number of an event, a date, or a duration before now. */
const since = z.union(
  [
    z
      .string()
      .regex(/^\d{1,15}$/)
      .transform(Number),
    duration.transform(ms => new Date(Date.now() - ms)),
    z.iso.datetime({ offset: true, local: true }).transform(text => new Date(text)),
    z.iso.date().transform(text => new Date(`${text}T00:00:00`)),
  ],
  'the number of an event, a duration such as 10m or 2h, or a date such as 2026-01-31T12:00:00Z',
);

const DEFAULT_LAST = 20;

export default defineCommand({
  input: z.object({
    types: z.array(z.string()).default([]),
    since: since.optional(),
    last: wholeNumber(0, 100_000).optional(),
    follow: z.boolean().default(false),
    limit: wholeNumber(1, 1_000_000_000).optional(),
  }),
  async run(context, { types, since: from, last, follow, limit = Infinity }) {
    const { signal } = context;
    const client = await context.connect();
    const range = { from: from ?? (follow ? ('live' as const) : undefined), last: last ?? DEFAULT_LAST, follow };
    const events = await subscribe(client, types, range);
    if (follow) context.output.note('Following events; Ctrl-C stops.');
    const stop = () => void events.close();
    signal.addEventListener('abort', stop, { once: true });
    let count = 0;
    const lastOnes: AgoraEvent[] = [];
    const isTail = from !== undefined && last !== undefined && !follow;
    for await (const event of events) {
      if (isTail) lastOnes.push(event);
      else await show(context, event);
      if (lastOnes.length > (last ?? 0)) lastOnes.shift();
      else if (++count >= limit) break;
    }
    for (const event of lastOnes.slice(0, limit)) await show(context, event);
    if (signal.aborted) context.exit = EXIT.interrupted;
  },
});

interface Range {
  readonly from: number | Date | 'live' | undefined;
  /** How many of the last event numbers to read when `from` is missing. */
  readonly last: number;
  readonly follow: boolean;
}

async function subscribe(client: AgoraClient, types: readonly string[], { from, last, follow }: Range) {
  const options: EventOptions = follow ? {} : { until: 'now' };
  if (from !== undefined) return client.subscribeToEvents(types, { ...options, from: from === 0 ? new Date(0) : from });
  const [end, kept] = [
    await client.subscribeToEvents(types),
    await client.subscribeToEvents([], { from: new Date(0) }),
  ];
  await Promise.all([end.close(), kept.close()]);
  const first = Math.max(end.position - last, kept.position) + 1;
  return client.subscribeToEvents(types, { ...options, from: first });
}

function show({ output }: CommandContext, event: AgoraEvent): Promise<void> {
  return output.data(event, () => {
    const { seq, at, type, source, data } = event;
    const text = shortValue(data, Math.max(20, output.columns - 60));
    return `${output.paint('dim', `${seq}  ${output.time(at)}`)}  ${output.paint('bold', type)}  ${source}  ${text}`;
  });
}
