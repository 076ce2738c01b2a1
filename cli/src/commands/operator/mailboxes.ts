// `agora operator mailboxes`: lists mailboxes and work queues with their load.

import type { MailboxInfo } from '@agora/client';
import { SIGN } from '@agora/module/contract';
import { z } from 'zod';
import { defineCommand } from '../../command/command.ts';

export default defineCommand({
  input: z.object({ busy: z.boolean().default(false) }),
  async run(context, { busy }) {
    const client = await context.connect();
    const rows: MailboxInfo[] = [];
    for await (const box of client.operator.mailboxes()) if (!busy || box.waiting + box.held > 0) rows.push(box);
    await context.output.table(rows, {
      MAILBOX: box => box.name,
      ONLINE: box => (box.name.startsWith(SIGN.capability) ? '' : box.isOnline ? 'yes' : 'no'),
      HELD: box => `${box.held}/${box.credit}`,
      WAITING: box => String(box.waiting),
    });
  },
});
