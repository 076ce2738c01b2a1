// A waker: one line for each time that new mail waits, for monitors of clients. It only looks: the agent's messages go to the
// process that serves it.

import { setTimeout as pause } from 'node:timers/promises';
import type { AgoraClient } from '@agora/client';
import { mailSentence, type WaitingMail } from './hook-words.ts';

/** How mail is followed. */
export interface FollowOptions {
  readonly client: Pick<AgoraClient, 'peekInbox'>;
  readonly signal: AbortSignal;
  /** Returns true once the process that started the waker has ended. */
  readonly isOrphaned: () => boolean;
}

/** One report: the sentence for the model, and the mail that it is about. */
export interface MailReport {
  readonly sentence: string;
  readonly mail: readonly WaitingMail[];
}

/** Looking takes a millisecond at the hub; a model needs seconds for a turn. */
const LOOK_EVERY_MS = 1_000;
const PEEK = 64;
const MAX_KNOWN = 10_000;

/** Yields a report whenever there is mail that no earlier report was about. Ends with `signal`, or with the parent process. */
export async function* followMail({ client, signal, isOrphaned }: FollowOptions): AsyncGenerator<MailReport, void> {
  const known = new Set<string>();
  while (!signal.aborted && !isOrphaned()) {
    const mail = await freshMail(client, known);
    if (mail.length > 0) yield { sentence: mailSentence(mail), mail };
    await pause(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}

async function freshMail(client: Pick<AgoraClient, 'peekInbox'>, known: Set<string>): Promise<WaitingMail[]> {
  // While the connection is lost there is no mail to report.
  const peek = await client.peekInbox({ limit: PEEK }).catch(() => undefined);
  const fresh = (peek?.messages ?? []).filter(({ id, kind }) => !known.has(`${kind} ${id}`));
  if (known.size > MAX_KNOWN) known.clear();
  for (const { id, kind } of fresh) known.add(`${kind} ${id}`);
  return fresh.map(({ id, priority }) => ({ id, priority }));
}
