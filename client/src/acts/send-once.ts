// Sends an act that needs no answer: through the outbox if there is one, until a signal aborts.

import { toAgoraError } from '../base/errors.ts';
import { reasonOf } from '../base/waiting.ts';
import type { Acts } from './acts.ts';
import type { OutgoingAct } from './outbox-item.ts';
import type { Outbox } from './outbox.ts';

/** The queues that carry acts to the hub. */
export interface Carriers {
  readonly acts: Pick<Acts, 'perform' | 'withdraw'>;
  readonly outbox?: Outbox | undefined;
}

/** Sends an act. `settled` is called once: after acceptance, with the refusal, or with the reason of the aborted signal. */
export function sendOnce(
  { acts, outbox }: Carriers,
  act: OutgoingAct,
  signal: AbortSignal | undefined,
  settled: (error: Error | undefined) => void,
): void {
  if (!signal) return (outbox ?? acts).perform(act, settled);
  if (signal.aborted) return settled(reasonOf(signal));
  const end = (error: Error | undefined) => {
    signal.removeEventListener('abort', aborted);
    settled(error);
  };
  let isAborted = false;
  const aborted = () => {
    isAborted = true;
    if (outbox) outbox.withdraw(act.value.id, toAgoraError(reasonOf(signal)));
    else acts.withdraw(act);
    end(reasonOf(signal));
  };
  signal.addEventListener('abort', aborted, { once: true });
  (outbox ?? acts).perform(act, error => {
    if (!isAborted) end(error);
  });
}
