// A process that sends by writing files: written apart, then moved into the inbox whole, so that no half is ever read.

import { fsyncSync, openSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { z } from 'zod';
import { nowMs } from '../ledger.ts';
import { numberedPayload } from '../message.ts';
import { servePart } from '../part.ts';

const Start = z.object({ inbox: z.string(), drafts: z.string(), synced: z.boolean() });

let inbox = '';
let drafts = '';
/** The inbox, to sync; undefined if nothing is synced. */
let folder: number | undefined;

function send(n: number): void {
  const file = `${String(n).padStart(9, '0')}.json`;
  const draft = join(drafts, file);
  writeFileSync(draft, JSON.stringify(numberedPayload(n)), { flush: folder !== undefined });
  renameSync(draft, join(inbox, file));
  if (folder !== undefined) fsyncSync(folder);
}

servePart({
  start(argument) {
    const start = Start.parse(argument);
    ({ inbox, drafts } = start);
    if (start.synced) folder = openSync(inbox, 'r');
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
