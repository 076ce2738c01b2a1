// A process that sends by writing files into the inbox of another.

import { setImmediate as turn } from 'node:timers/promises';
import { z } from 'zod';
import { nowMs } from '../ledger.ts';
import { numberedPayload } from '../message.ts';
import { servePart } from '../part.ts';
import { Outbox } from './folder.ts';

const Start = z.object({ inbox: z.string(), drafts: z.string(), synced: z.boolean() });

let outbox: Outbox | undefined;

function send(n: number): void {
  if (!outbox) throw new Error('the sender was not started');
  outbox.put(`${String(n).padStart(9, '0')}.json`, JSON.stringify(numberedPayload(n)));
  outbox.sync();
}

servePart({
  start(argument) {
    const { inbox, drafts, synced } = Start.parse(argument);
    outbox = new Outbox(inbox, drafts, synced);
  },
  sendOne(argument) {
    const startedAt = nowMs();
    send(z.number().parse(argument));
    return startedAt;
  },
  async sendMany(argument) {
    const { from, count } = z.object({ from: z.number(), count: z.number() }).parse(argument);
    const startedAt = nowMs();
    for (let n = from; n < from + count; n++) {
      send(n);
      if (n % 256 === 0) await turn();
    }
    return startedAt;
  },
});
