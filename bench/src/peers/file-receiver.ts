// A process that receives files: reads what lies in the inbox, oldest name first, and removes each as its acknowledgement.

import { readFileSync, readdirSync, unlinkSync, watch } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { Ledger } from '../ledger.ts';
import { numberOf } from '../message.ts';
import { servePart } from '../part.ts';
import { ledgerCommands } from '../receiver.ts';

const Start = z.object({ inbox: z.string(), how: z.enum(['poll', 'watch']), pollMs: z.number() });

const ledger = new Ledger();

function sweep(inbox: string): void {
  for (const file of readdirSync(inbox).sort()) {
    const path = join(inbox, file);
    const n = numberOf(JSON.parse(readFileSync(path, 'utf8')));
    ledger.handled(n);
    unlinkSync(path);
    ledger.settled(n);
  }
}

/** Sweeps once for all the changes that were told in one turn, so that none is lost when the system drops some. */
function sweepOnChange(inbox: string): void {
  let due = false;
  watch(inbox, () => {
    if (due) return;
    due = true;
    setImmediate(() => {
      due = false;
      sweep(inbox);
    });
  });
}

servePart({
  ...ledgerCommands(ledger),
  start(argument) {
    const { inbox, how, pollMs } = Start.parse(argument);
    if (how === 'watch') sweepOnChange(inbox);
    else setInterval(() => sweep(inbox), pollMs);
  },
});
