// `agora wait`: waits until the agent has mail, and takes none. For shells, hooks and agents that work in turns.

import { setTimeout as pause } from 'node:timers/promises';
import type { AgoraClient, Notice, PeekedMessage } from '@agora/client';
import { z } from 'zod';
import { EXIT } from '../../base/cli-error.ts';
import { duration } from '../../base/flag-schemas.ts';
import { actAs } from '../../command/act-as.ts';
import { defineCommand } from '../../command/command.ts';
import { followMailOf } from './follow-mail.ts';
import { describeNotice } from './notices.ts';

/** While the agent holds taken messages, the command looks for new ones: an attached process would renew the leases of those. */
const LOOK_EVERY_MS = 500;

export default defineCommand({
  input: z.object({ timeout: duration, follow: z.boolean().default(false) }),
  async run(context, { timeout: timeoutMs, follow }) {
    if (follow) return followMailOf(context);
    const { output, signal } = context;
    const client = await actAs(context);
    // Peeking offers no message, since an offer would use up an attempt.
    const inbox = await client.peekInbox();
    const notices: Notice[] = [];
    let hasMail = inbox.messages.some(isNew);
    if (!hasMail && timeoutMs > 0) {
      if (inbox.isOnline) output.note(`Another process serves "${client.name}", and receives its messages, too.`);
      if (inbox.messages.length > 0) hasMail = await lookForMail(client, timeoutMs, signal);
      else {
        client.on('notice', notice => notices.push(notice));
        await client.resumeAgent({ keepsNotices: true, ifServed: 'share' });
        hasMail = await client.waitForMail({ timeoutMs, signal });
      }
    }
    const waiting = hasMail ? (await client.peekInbox()).messages.filter(isNew).length : 0;
    const data = { agent: client.name, mail: hasMail, waiting, notices: notices.map(describeNotice) };
    await output.data(data, () => (hasMail ? `There is mail for ${client.name}.` : `No mail for ${client.name}.`));
    context.exit = hasMail ? EXIT.ok : EXIT.timeout;
  },
});

/** Messages that were taken earlier are not new. */
function isNew({ state }: PeekedMessage): boolean {
  return state !== 'taken';
}

async function lookForMail(client: AgoraClient, timeoutMs: number, signal: AbortSignal): Promise<boolean> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const rest = end - performance.now();
    if (rest <= 0) return false;
    await pause(Math.min(LOOK_EVERY_MS, rest), undefined, { signal }).catch(() => undefined);
    signal.throwIfAborted();
    if ((await client.peekInbox()).messages.some(isNew)) return true;
  }
}
