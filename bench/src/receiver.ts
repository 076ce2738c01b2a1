// The commands every receiver answers, whatever way its messages come.

import { z } from 'zod';
import type { Ledger } from './ledger.ts';
import type { Commands } from './part.ts';

/** Commands over a ledger: wait for one message, for a count, and say what is wrong at the end. */
export function ledgerCommands(ledger: Ledger): Commands {
  return {
    waitFor: n => ledger.waitFor(z.number().parse(n)),
    waitForCount: count => ledger.waitForCount(z.number().parse(count)),
    faults: expected => ledger.faults(z.number().parse(expected)),
  };
}
