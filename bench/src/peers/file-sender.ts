// A process that sends by writing files: written apart, then moved into the inbox whole, so that no half is ever read.

import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { z } from 'zod';
import { nowMs } from '../ledger.ts';
import { numberedPayload } from '../message.ts';
import { servePart } from '../part.ts';

let inbox = '';
let drafts = '';

function send(n: number): void {
  const file = `${String(n).padStart(9, '0')}.json`;
  writeFileSync(join(drafts, file), JSON.stringify(numberedPayload(n)));
  renameSync(join(drafts, file), join(inbox, file));
}

servePart({
  start(argument) {
    ({ inbox, drafts } = z.object({ inbox: z.string(), drafts: z.string() }).parse(argument));
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
