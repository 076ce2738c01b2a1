// Random commands for workflows: what workers, approvers, operators and time may do.

import fc from 'fast-check';
import { seldom, workerName } from './random-workflows.ts';

/** One change. `pick` chooses among the offers, steps or workflows that exist. */
export type Command =
  | { readonly do: 'answer'; readonly pick: number; readonly output: number }
  | { readonly do: 'fail'; readonly pick: number; readonly retry: boolean }
  | { readonly do: 'approve' | 'reject'; readonly pick: number; readonly isOperator: boolean }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'pause' | 'resume' | 'cancel'; readonly pick: number }
  | { readonly do: 'retry'; readonly pick: number; readonly at: number }
  | { readonly do: 'leave' | 'return' | 'unregister'; readonly who: string };

const pick = fc.nat(40);
const doing = <const T extends string>(...what: T[]) => fc.constantFrom(...what);

const anyCommands: fc.Arbitrary<Command[]> = fc.array(
  fc.oneof(
    {
      weight: 16,
      arbitrary: fc.record({ do: doing('answer'), pick, output: fc.integer({ min: 0, max: 3 }) }),
    },
    { weight: 6, arbitrary: fc.record({ do: doing('fail'), pick, retry: fc.boolean() }) },
    { weight: 3, arbitrary: fc.record({ do: doing('approve', 'approve', 'reject'), pick, isOperator: fc.boolean() }) },
    {
      weight: 7,
      arbitrary: fc.record({ do: doing('wait'), ms: fc.constantFrom(2, 1_500, 6_000, 21_000, 70_000, 400_000) }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ do: doing('pause', 'resume', 'resume'), pick: fc.oneof(pick, fc.constant(0)) }),
    },
    { weight: 3, arbitrary: fc.record({ do: doing('retry'), pick: fc.oneof(pick, fc.constant(0)), at: pick }) },
    { weight: 3, arbitrary: fc.record({ do: doing('leave', 'return'), who: workerName }) },
    { weight: 1, arbitrary: fc.record({ do: doing('unregister'), who: workerName }) },
    { weight: 1, arbitrary: fc.record({ do: doing('cancel'), pick: fc.oneof(pick, fc.constant(0)) }) },
  ),
  { maxLength: 40 },
);

/** Lists of commands; some end with a cancellation, so that many steps have to be compensated. */
export const commands: fc.Arbitrary<Command[]> = fc
  .tuple(anyCommands, seldom(3, fc.constant<Command>({ do: 'cancel', pick: 0 })))
  .map(([list, last]) => (last ? [...list, last] : list));

/** Returns false for commands that may end several deliveries in one call: the model performs the work of each before the next. */
export function endsOneStep(command: Command): boolean {
  return command.do !== 'unregister' && !(command.do === 'wait' && command.ms > 6_000);
}
