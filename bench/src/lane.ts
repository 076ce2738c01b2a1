// Measurement of one sender and one receiver: send → handled → acknowledged.

import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Measurement, Round, Size } from './harness.ts';
import type { Part } from './part.ts';
import { percentile } from './statistics.ts';

/** A sender and a receiver that are connected. */
export interface Lane {
  readonly sender: Part;
  readonly receiver: Part;
  /** Returns what is left in the medium after everything was acknowledged; it should be empty. */
  leftovers(sent: number): Promise<readonly string[]>;
}

/** Number of messages: to warm up, then one at a time, then all in parallel. */
export interface Amount {
  readonly warmUp: number;
  readonly singly: number;
  readonly pipelined: number;
}

/** Amounts of each size; polled folders get fewer single messages, since each takes part of the polling period. */
export const AMOUNTS: Record<Size, Amount> = {
  full: { warmUp: 500, singly: 300, pipelined: 20_000 },
  quick: { warmUp: 100, singly: 40, pipelined: 2_000 },
};

/** Single messages are sent at a random moment of this period, so that they are not in phase with a poller. */
const SPREAD_MS = 20;

const SentAt = z.number();
const HandledAt = z.object({ handledAt: z.number(), settledAt: z.number() });

/** Measures a lane from its first message to its last and audits it. */
export async function measureDirect(lane: Lane, amount: Amount, spreadMs = SPREAD_MS): Promise<Round> {
  const { sender, receiver } = lane;
  let sent = 0;

  const pipeline = async (count: number): Promise<number> => {
    const startedAt = await sender.call('sendMany', { from: sent, count }, SentAt);
    sent += count;
    return (await receiver.call('waitForCount', sent, z.number())) - startedAt;
  };
  await pipeline(amount.warmUp);

  const handledMs: number[] = [];
  const acknowledgedMs: number[] = [];
  for (let i = 0; i < amount.singly; i++, sent++) {
    await sleep(Math.random() * spreadMs);
    const [startedAt, got] = await Promise.all([
      sender.call('sendOne', sent, SentAt),
      receiver.call('waitFor', sent, HandledAt),
    ]);
    handledMs.push(got.handledAt - startedAt);
    acknowledgedMs.push(got.settledAt - startedAt);
  }

  const pipelinedMs = await pipeline(amount.pipelined);
  const faults = await receiver.call('faults', sent, z.array(z.string()));
  return {
    measurements: [
      ...latency('send to handled', handledMs),
      ...latency('send to acknowledged', acknowledgedMs),
      { metric: 'pipelined', unit: 'messages/s', value: (1000 * amount.pipelined) / pipelinedMs },
    ],
    audited: sent,
    faults: [...faults, ...(await lane.leftovers(sent))],
  };
}

function latency(metric: string, values: readonly number[]): Measurement[] {
  return [0.5, 0.99].map(share => ({
    metric: `${metric}, p${100 * share}`,
    unit: 'ms',
    value: percentile(values, share),
  }));
}
