// A process that receives files: reads the files of the inbox, oldest name first, and removes each to acknowledge it.

import { fsyncSync, openSync, readFileSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { Ledger } from '../ledger.ts';
import { numberOf } from '../message.ts';
import { servePart } from '../part.ts';
import { ledgerCommands } from '../receiver.ts';
import { lookInto } from './folder.ts';

const Start = z.object({
  inbox: z.string(),
  how: z.enum(['poll', 'watch']),
  synced: z.boolean(),
  pollMs: z.number(),
});

const ledger = new Ledger();
/** Handle of the inbox for syncs; undefined without syncs. */
let folder: number | undefined;

function sweep(inbox: string, files: readonly string[]): void {
  const handled: number[] = [];
  for (const file of files) {
    const path = join(inbox, file);
    const n = numberOf(JSON.parse(readFileSync(path, 'utf8')));
    ledger.handled(n);
    unlinkSync(path);
    handled.push(n);
  }
  // One sync for all files of one sweep.
  if (folder !== undefined) fsyncSync(folder);
  for (const n of handled) ledger.settled(n);
}

servePart({
  ...ledgerCommands(ledger),
  start(argument) {
    const { inbox, how, synced, pollMs } = Start.parse(argument);
    if (synced) folder = openSync(inbox, 'r');
    lookInto(inbox, how, pollMs, files => sweep(inbox, files));
  },
});
