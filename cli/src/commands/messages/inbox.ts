// `agora inbox`: shows the messages of an agent, or takes them. A taken message that wants no answer is acknowledged; a question or
// a step is held for the agent, which ends it by `agora answer`, `done`, `fail` or `give-back`.

import { setTimeout as pause } from 'node:timers/promises';
import type { AgoraClient, IncomingMessage, Notice, PeekedMessage } from '@agora/client';
import { LIMITS } from '@agora/module/contract';
import { z } from 'zod';
import { wholeNumber } from '../../base/flag-schemas.ts';
import { actAs } from '../../command/act-as.ts';
import type { CommandContext } from '../../command/command-context.ts';
import { defineCommand } from '../../command/command.ts';
import { HOLD_MS, holdTime, openNote } from '../../command/held-message.ts';
import {
  describeMessage,
  describePeeked,
  priorityName,
  shortValue,
  showMessage,
  wantsResult,
} from '../../command/message-text.ts';
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
    hold: holdTime.optional(),
    force: z.boolean().default(false),
  }),
  async run(context, { take, limit, hold, force }) {
    const client = await actAs(context);
    if (take) await takeMail(context, client, { limit, holdMs: hold ?? HOLD_MS, force });
    else await showMail(context, client, limit);
  },
});

async function showMail({ output }: CommandContext, client: AgoraClient, limit: number): Promise<void> {
  const { messages, held, waiting, isOnline } = await client.peekInbox({ limit });
  if (output.isJson) {
    for (const message of messages) await output.data(describePeeked(message), () => '');
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
    SENT: each => output.date(each.sentAt),
    PAYLOAD: each =>
      each.payloadBytes === undefined ? shortValue(each.payload ?? '', width) : `${each.payloadBytes} bytes`,
  });
}

/** How mail is taken. */
interface TakeOptions {
  readonly limit: number;
  /** How long questions and steps are held for their end. */
  readonly holdMs: number;
  readonly force: boolean;
}

/**
 * Takes up to `limit` messages, shows them, then acknowledges or holds them. The credit is set to `limit` and what was taken
 * before, since an offered message that is not taken loses an attempt. (Critical messages may exceed the credit; they are
 * taken, too.)
 */
async function takeMail(
  { output }: CommandContext,
  client: AgoraClient,
  { limit, holdMs, force }: TakeOptions,
): Promise<void> {
  const { credit, messages } = await client.peekInbox();
  const earlier = new Set(messages.filter(each => each.state === 'taken').map(each => each.id));
  if (messages.length === earlier.size) {
    const open = earlier.size === 0 ? '' : ` It holds ${earlier.size} taken earlier; \`agora inbox\` shows them.`;
    return output.note(`No messages wait for ${client.name}.${open}`);
  }
  const notices: Notice[] = [];
  client.on('notice', notice => notices.push(notice));
  const wanted = Math.min(limit + earlier.size, LIMITS.maxCredit);
  await serveAs(client, { credit: wanted, force });
  try {
    const taken = limitBroadcasts(limit, await gather(client, earlier));
    for (const notice of notices) await output.data(describeNotice(notice), () => showNotice(notice));
    for (const message of taken) {
      await output.data(describeMessage(message), () => showMessage(output, message));
    }
    // Detach first: each acknowledgement would cause the next offer, and a lease that an offline agent extends lasts without it.
    await client.detachAgent();
    await Promise.all(taken.map(message => (wantsResult(message) ? message.extend(holdMs) : message.ack())));
    const open = taken.filter(wantsResult);
    if (open.length > 0) output.note(openNote(open, holdMs));
  } finally {
    if (credit !== wanted) await client.updateAgent({ credit });
  }
}

/** All deliveries, since they were offered, then broadcasts up to the limit: a waiting broadcast loses no attempt. */
function limitBroadcasts(limit: number, messages: readonly IncomingMessage[]): IncomingMessage[] {
  const deliveries = messages.filter(each => !each.broadcast);
  const broadcasts = messages.filter(each => each.broadcast);
  return [...deliveries, ...broadcasts.slice(0, Math.max(0, limit - deliveries.length))];
}

async function gather(client: AgoraClient, earlier: ReadonlySet<string>): Promise<IncomingMessage[]> {
  const taken: IncomingMessage[] = [];
  const { messages } = await client.peekInbox();
  const offered = messages.filter(each => each.attempt > 0 && (each.state === 'offered' || each.kind === 'broadcast'));
  const deadline = performance.now() + GATHER_WITHIN_MS;
  for (;;) {
    const mail = await client.takeMail({ limit: MAX_LIMIT });
    taken.push(...mail.filter(({ id }) => !earlier.has(id)));
    if (taken.length >= offered.length || performance.now() > deadline) return taken;
    await pause(LOOK_EVERY_MS);
  }
}
