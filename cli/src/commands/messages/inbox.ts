// `agora inbox`: shows the waiting messages of an agent, or takes them.

import { setTimeout as pause } from 'node:timers/promises';
import type { AgoraClient, IncomingMessage, Notice, PeekedMessage } from '@agora/client';
import { LIMITS } from '@agora/module/contract';
import { z } from 'zod';
import { wholeNumber } from '../../base/flag-schemas.ts';
import { actAs } from '../../command/act-as.ts';
import type { CommandContext } from '../../command/command-context.ts';
import { defineCommand } from '../../command/command.ts';
import { describeMessage, priorityName, shortValue, showMessage } from '../../command/message-text.ts';
import { serveAs } from '../../command/serve-as.ts';
import { describeNotice, showNotice } from './notices.ts';

/** The most messages that one call of the hub returns. */
const MAX_LIMIT = LIMITS.page;
/** A payload above 4 KiB arrives after the offer of its message; this long the command waits for all offered messages. */
const GATHER_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 20;

export default defineCommand({
  input: z.object({
    take: z.boolean().default(false),
    limit: wholeNumber(1, MAX_LIMIT),
    force: z.boolean().default(false),
  }),
  async run(context, { take, limit, force }) {
    const client = await actAs(context);
    if (take) await takeMail(context, client, limit, force);
    else await showMail(context, client, limit);
  },
});

async function showMail({ output }: CommandContext, client: AgoraClient, limit: number): Promise<void> {
  const { messages, held, waiting, isOnline } = await client.peekInbox({ limit });
  if (output.isJson) {
    for (const message of messages) await output.data(message, () => '');
    return;
  }
  output.note(
    `${client.name}: ${held} offered, ${waiting} waiting${isOnline ? '; a process serves it' : ''}. Use --take to take them.`,
  );
  const width = Math.max(20, output.columns - 90);
  await output.table<PeekedMessage>(messages, {
    STATE: each => each.state,
    KIND: each => each.kind,
    FROM: each => each.from,
    TYPE: each => each.type,
    PRIORITY: each => priorityName(each.priority),
    SENT: each => each.sentAt.toLocaleString(),
    PAYLOAD: each =>
      each.payloadBytes === undefined ? shortValue(each.payload ?? '', width) : `${each.payloadBytes} bytes`,
  });
}

/**
 * Takes up to `limit` messages, shows them, then acknowledges them. The credit is set to `limit`, since an offered message
 * that is not taken loses an attempt. (Critical messages may exceed the credit; they are taken, too.)
 */
async function takeMail({ output }: CommandContext, client: AgoraClient, limit: number, force: boolean): Promise<void> {
  const { credit, messages } = await client.peekInbox({ limit });
  if (messages.length === 0) return output.note(`No messages wait for ${client.name}.`);
  const notices: Notice[] = [];
  client.on('notice', notice => notices.push(notice));
  await serveAs(client, { credit: limit, force });
  try {
    const taken = limitBroadcasts(limit, await gather(client));
    for (const notice of notices) await output.data(describeNotice(notice), () => showNotice(notice));
    for (const message of taken) {
      await output.data(describeMessage(message), () => showMessage(output, message));
    }
    // Detach first, since each acknowledgement would cause the next offer.
    await client.detachAgent();
    await Promise.all(taken.map(message => message.ack()));
  } finally {
    if (credit !== limit) await client.updateAgent({ credit });
  }
}

/** All deliveries, since they were offered, then broadcasts up to the limit: a waiting broadcast loses no attempt. */
function limitBroadcasts(limit: number, messages: readonly IncomingMessage[]): IncomingMessage[] {
  const deliveries = messages.filter(each => !each.broadcast);
  const broadcasts = messages.filter(each => each.broadcast);
  return [...deliveries, ...broadcasts.slice(0, Math.max(0, limit - deliveries.length))];
}

async function gather(client: AgoraClient): Promise<IncomingMessage[]> {
  const taken: IncomingMessage[] = [];
  const { messages } = await client.peekInbox();
  const offered = messages.filter(each => each.attempt > 0 && (each.state === 'offered' || each.kind === 'broadcast'));
  const deadline = performance.now() + GATHER_WITHIN_MS;
  for (;;) {
    taken.push(...(await client.takeMail({ limit: MAX_LIMIT })));
    if (taken.length >= offered.length || performance.now() > deadline) return taken;
    await pause(LOOK_EVERY_MS);
  }
}
