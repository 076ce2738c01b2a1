// `agora history`: the messages that the agent has sent and received, from newest to oldest.

import type { MessageRecord } from '@agora/client';
import { z } from 'zod';
import { wholeNumber } from '../../base/flag-schemas.ts';
import { actAs } from '../../command/act-as.ts';
import { defineCommand } from '../../command/command.ts';
import { describeRecord, shortValue } from '../../command/message-text.ts';

type Direction = 'sent' | 'received';

export default defineCommand({
  input: z.object({
    sent: z.boolean().default(false),
    received: z.boolean().default(false),
    limit: wholeNumber(1, 100_000),
  }),
  async run(context, { sent, received, limit }) {
    const { output } = context;
    const client = await actAs(context);
    const isBoth = sent === received;
    const lists = [
      ...(sent || isBoth ? [take('sent', client.sentMessages(), limit)] : []),
      ...(received || isBoth ? [take('received', client.receivedMessages(), limit)] : []),
    ];
    const found = (await Promise.all(lists)).flat();
    found.sort((a, b) => b.message.sentAt.getTime() - a.message.sentAt.getTime());
    const rows = found.slice(0, limit).map(({ direction, message }) => ({ direction, ...describeRecord(message) }));
    if (rows.length === 0) output.note(`${client.name} has sent and received no message that is still kept.`);
    if (output.isJson) return output.table(rows, {});
    const width = Math.max(20, output.columns - 130);
    await output.table(found.slice(0, limit), {
      ID: ({ message }) => message.id,
      '': ({ direction }) => (direction === 'sent' ? '→' : '←'),
      WITH: ({ direction, message }) => (direction === 'sent' ? message.to.join(' ') : message.from),
      TYPE: ({ message }) => message.type,
      STATE: ({ message }) => message.state ?? '',
      SENT: ({ message }) => output.date(message.sentAt),
      PAYLOAD: ({ message }) => shortValue(message.payload ?? '', width),
    });
  },
});

async function take(direction: Direction, messages: AsyncIterable<MessageRecord>, limit: number) {
  const taken: { readonly direction: Direction; readonly message: MessageRecord }[] = [];
  for await (const message of messages) {
    taken.push({ direction, message });
    if (taken.length >= limit) break;
  }
  return taken;
}
