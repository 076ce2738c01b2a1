// `agora inbox`: what waits for an agent, looked at or taken.

import { setTimeout as pause } from 'node:timers/promises';
import type { AgoraClient, IncomingMessage, Notice, PeekedMessage } from '@agora/client';
import { z } from 'zod';
import { actAs } from '../../command/act-as.ts';
import { defineCommand } from '../../command/command.ts';
import type { CommandContext } from '../../command/command-context.ts';
import { describeMessage, priorityName, shortValue, showMessage } from '../../command/message-text.ts';
import { serveAs } from '../../command/serve-as.ts';
import { wholeNumber } from '../../base/flag-schemas.ts';
import { describeNotice, showNotice } from './notices.ts';

/** As many as the hub tells at once. */
const MOST = 256;

export default defineCommand({
  input: z.object({
    take: z.boolean().default(false),
    limit: wholeNumber(1, MOST),
    force: z.boolean().default(false),
  }),
  async run(context, { take, limit, force }) {
    const client = await actAs(context);
    if (take) await takeMail(context, client, limit, force);
    else await look(context, client, limit);
  },
});

async function look({ output }: CommandContext, client: AgoraClient, limit: number): Promise<void> {
  const { messages, held, waiting, isOnline } = await client.peekInbox({ limit });
  if (output.isJson) {
    for (const message of messages) await output.data(message, () => '');
    return;
  }
  output.note(
    `${client.name}: ${held} offered, ${waiting} waiting${isOnline ? '; a process serves it' : ''}. --take takes them.`,
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
 * Takes what there is, up to `limit`, shows it, and acknowledges it once it was shown. No more is offered than is taken: what
 * is offered in vain loses one of its attempts. (Critical messages may come beyond that, and are taken too.)
 */
async function takeMail({ output }: CommandContext, client: AgoraClient, limit: number, force: boolean): Promise<void> {
  const { credit, messages } = await client.peekInbox({ limit });
  if (messages.length === 0) return output.note(`Nothing waits for ${client.name}.`);
  const notices: Notice[] = [];
  client.on('notice', notice => notices.push(notice));
  await serveAs(client, { credit: limit, force });
  try {
    const taken = atMost(limit, await gather(client));
    for (const notice of notices) await output.data(describeNotice(notice), () => showNotice(notice));
    for (const message of taken) {
      await output.data(describeMessage(message), () => showMessage(output, message));
    }
    // Let go first: each acknowledgement would have the next one offered.
    await client.detachAgent();
    await Promise.all(taken.map(message => message.ack()));
  } finally {
    if (credit !== limit) await client.updateAgent({ credit });
  }
}

/** All duties, which were offered to be taken; broadcasts as far as there is room, since they lose nothing by waiting. */
function atMost(limit: number, messages: readonly IncomingMessage[]): IncomingMessage[] {
  const duties = messages.filter(each => !each.broadcast);
  const broadcasts = messages.filter(each => each.broadcast);
  return [...duties, ...broadcasts.slice(0, Math.max(0, limit - duties.length))];
}

/** A payload over 4 KiB comes after its message was offered: all that is offered is waited for. */
const GATHER_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 20;

async function gather(client: AgoraClient): Promise<IncomingMessage[]> {
  const taken: IncomingMessage[] = [];
  const { messages } = await client.peekInbox();
  const offered = messages.filter(each => each.attempt > 0 && (each.state === 'offered' || each.kind === 'broadcast'));
  const deadline = performance.now() + GATHER_WITHIN_MS;
  for (;;) {
    taken.push(...(await client.takeMail({ limit: MOST })));
    if (taken.length >= offered.length || performance.now() > deadline) return taken;
    await pause(LOOK_EVERY_MS);
  }
}
