// Saying something without waiting for an answer: through the outbox where there is one, and no longer than a signal lets.

import { toAgoraError } from '../base/errors.ts';
import { reasonOf } from '../base/time.ts';
import type { Acts } from './acts.ts';
import type { Said } from './outbox-item.ts';
import type { Outbox } from './outbox.ts';

/** Who carries what is said. */
export interface Carriers {
  readonly acts: Pick<Acts, 'perform' | 'withdraw'>;
  readonly outbox?: Outbox | undefined;
}

/** Says something. `settled` is called once: when the hub has it, with why it has not, or with the reason of the signal. */
export function say(
  { acts, outbox }: Carriers,
  said: Said,
  signal: AbortSignal | undefined,
  settled: (error: Error | undefined) => void,
): void {
  if (!signal) return (outbox ?? acts).perform(said, settled);
  if (signal.aborted) return settled(reasonOf(signal));
  const end = (error: Error | undefined) => {
    signal.removeEventListener('abort', aborted);
    settled(error);
  };
  let isAborted = false;
  const aborted = () => {
    isAborted = true;
    if (outbox) outbox.withdraw(said.value.id, toAgoraError(reasonOf(signal)));
    else acts.withdraw(said);
    end(reasonOf(signal));
  };
  signal.addEventListener('abort', aborted, { once: true });
  (outbox ?? acts).perform(said, error => {
    if (!isAborted) end(error);
  });
}
