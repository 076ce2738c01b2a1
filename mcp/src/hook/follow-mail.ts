// The loop of wakers: looks for new mail until there is a reason to end.

import { setTimeout as pause } from 'node:timers/promises';
import type { AgoraClient } from '@agora/client';
import type { WaitingMail } from './hook-words.ts';
import { peekMail } from './look.ts';

/** How mail is followed. */
export interface FollowOptions {
  readonly client: Pick<AgoraClient, 'peekInbox' | 'state'>;
  readonly signal: AbortSignal;
  /** Returns true once the loop should end: its parent has ended, or a newer waker has started. */
  readonly isOver: () => boolean | Promise<boolean>;
}

/** Looking takes a millisecond at the hub; a model needs seconds for a turn. */
const LOOK_EVERY_MS = 1_000;
const MAX_KNOWN = 10_000;

/** Yields the new mail whenever there is some. Only looks: no message is taken. */
export async function* followMail({ client, signal, isOver }: FollowOptions): AsyncGenerator<WaitingMail[], void> {
  const known = new Set<string>();
  while (!signal.aborted && client.state !== 'closed' && !(await isOver())) {
    // While the connection is lost there is no mail to report.
    const mail = await peekMail(client).catch(() => []);
    const fresh = mail.filter(({ id }) => !known.has(id));
    if (known.size > MAX_KNOWN) known.clear();
    for (const { id } of fresh) known.add(id);
    if (fresh.length > 0) yield fresh;
    await pause(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}
