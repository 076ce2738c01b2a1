// Sends an act that needs no answer: through the outbox if there is one, until a signal aborts. A fenced one never waits in the
// outbox, since its claim ends during an absence.

import { toAgoraError } from '../base/errors.ts';
import { reasonOf } from '../base/waiting.ts';
import type { Acts } from './acts.ts';
import { fenceOf, type FenceOption } from './fence.ts';
import type { OutgoingAct } from './outbox-item.ts';
import type { Outbox } from './outbox.ts';

/** The queues that carry acts to the hub. */
export interface Carriers {
  readonly acts: Pick<Acts, 'perform' | 'withdraw'>;
  readonly outbox?: Outbox | undefined;
}

/** Options of one act. */
export interface SendOnceOptions extends FenceOption {
  readonly signal?: AbortSignal | undefined;
}

/** Returns the outbox for an act with these options, if there is one. */
export function outboxFor(outbox: Outbox | undefined, { claim }: FenceOption): Outbox | undefined {
  return claim ? undefined : outbox;
}

/** Sends an act. `settled` is called once: after acceptance, with the refusal, or with the reason of the aborted signal. */
export function sendOnce(
  carriers: Carriers,
  act: OutgoingAct,
  options: SendOnceOptions,
  settled: (error: Error | undefined) => void,
): void {
  const { signal, claim } = options;
  const { acts } = carriers;
  const outbox = outboxFor(carriers.outbox, options);
  const perform = (done: (error: Error | undefined) => void) => {
    if (outbox) outbox.perform(act, done);
    else acts.perform(act, done, claim && { kept: false, fence: fenceOf(claim) });
  };
  if (!signal) return perform(settled);
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
  perform(error => {
    if (!isAborted) end(error);
  });
}
