// Measurement of a crew: hand-offs of single workflows, and workflows per second with many in flight.

import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Measurement, Round, Size } from '../harness.ts';
import type { Part } from '../part.ts';
import { percentile } from '../statistics.ts';
import { Span } from './coordinator.ts';
import { Done } from './journal.ts';

/** A coordinator and the workers of the steps, in order. */
export interface Crew {
  /** The hub between them; undefined for files. */
  readonly hub?: Part;
  readonly coordinator: Part;
  readonly workers: readonly Part[];
  /** Audits the medium after so many workflows; returns the faults. */
  audit(started: number): Promise<readonly string[]>;
}

/** Number of workflows: to warm up, then one at a time, then `IN_FLIGHT` in parallel. */
export interface Amount {
  readonly warmUp: number;
  readonly singly: number;
  readonly many: number;
}

/** The amount of each size. */
export const AMOUNTS: Record<Size, Amount> = {
  full: { warmUp: 1_000, singly: 200, many: 3_000 },
  quick: { warmUp: 200, singly: 30, many: 400 },
};

/** Workflows in flight while workflows per second are measured. */
export const IN_FLIGHT = 64;

/** Single workflows start at a random moment of this period, so that they are not in phase with a poller. */
const SPREAD_MS = 20;

/** Measures a crew from its first workflow to its last and audits it. */
export async function measureWorkflows(crew: Crew, amount: Amount, spreadMs = SPREAD_MS): Promise<Round> {
  const { coordinator, workers } = crew;
  let started = 0;
  const runMany = async (count: number): Promise<number> => {
    const from = started;
    started += count;
    const span = await coordinator.call('runMany', { from, count, atOnce: IN_FLIGHT }, Span);
    return span.endedAt - span.startedAt;
  };

  await runMany(amount.warmUp);
  const firstSingle = started;
  const wholeMs: number[] = [];
  for (let i = 0; i < amount.singly; i++) {
    await sleep(Math.random() * spreadMs);
    const span = await coordinator.call('runOne', started++, Span);
    wholeMs.push(span.endedAt - span.startedAt);
  }
  const firstOfMany = started;
  const spentBefore = await spentBy(crew);
  const manyMs = await runMany(amount.many);
  const spent = await spentBy(crew);

  const alone = await handOffs(workers, n => n >= firstSingle && n < firstOfMany);
  const crowded = await handOffs(workers, n => n >= firstOfMany);
  const faults = await Promise.all([
    ...workers.map(worker => worker.call('faults', started, z.array(z.string()))),
    coordinator.call('coordinatorFaults', null, z.array(z.string())),
    crew.audit(started),
  ]);
  return {
    measurements: [
      ...latency('hand-off', alone.ms),
      ...latency('start to result', wholeMs),
      { metric: `workflows, ${IN_FLIGHT} in flight`, unit: 'workflows/s', value: (1000 * amount.many) / manyMs },
      ...latency(`hand-off, ${IN_FLIGHT} in flight`, crowded.ms),
      ...spent.map(({ metric, ms }, at) => {
        const micros = 1000 * (ms - (spentBefore[at]?.ms ?? 0));
        return { metric, unit: 'µs', value: micros / amount.many };
      }),
    ],
    audited: started,
    faults: [...alone.faults, ...crowded.faults, ...faults.flat()],
  };
}

/** Processor time of the hub, and of all others together. */
async function spentBy({
  hub,
  coordinator,
  workers,
}: Crew): Promise<{ readonly metric: string; readonly ms: number }[]> {
  const agents = await Promise.all([coordinator, ...workers].map(part => part.cpuMs()));
  return [
    ...(hub ? [{ metric: 'processor time of the hub, a workflow', ms: await hub.cpuMs() }] : []),
    { metric: 'processor time of the agents, a workflow', ms: agents.reduce((sum, ms) => sum + ms, 0) },
  ];
}

/** Times from the answer of each step to the assignment of the next, in ms. */
async function handOffs(workers: readonly Part[], isWanted: (n: number) => boolean) {
  const done = await Promise.all(workers.map(worker => worker.call('done', 0, z.array(Done))));
  const ms: number[] = [];
  const faults: string[] = [];
  for (const [at, steps] of done.entries()) {
    const before = new Map(done[at - 1]?.map(({ n, answeredAt }) => [n, answeredAt]));
    for (const { n, assignedAt } of steps) {
      const answeredAt = before.get(n);
      if (at === 0 || !isWanted(n)) continue;
      if (answeredAt === undefined || assignedAt < answeredAt) {
        faults.push(`step ${at + 1} of workflow ${n} began before step ${at} was answered`);
      } else ms.push(assignedAt - answeredAt);
    }
  }
  return { ms, faults: faults.slice(0, 10) };
}

function latency(metric: string, values: readonly number[]): Measurement[] {
  return [0.5, 0.99].map(share => ({
    metric: `${metric}, p${100 * share}`,
    unit: 'ms',
    value: percentile(values, share),
  }));
}
