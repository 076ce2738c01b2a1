// The commands that every receiver answers.

import { z } from 'zod';
import type { Ledger } from './ledger.ts';
import type { Commands } from './part.ts';

/** Commands on a ledger: wait for one message, wait for a count, return the faults. */
export function ledgerCommands(ledger: Ledger): Commands {
  return {
    waitFor: n => ledger.waitFor(z.number().parse(n)),
    waitForCount: count => ledger.waitForCount(z.number().parse(count)),
    faults: expected => ledger.faults(z.number().parse(expected)),
  };
}
