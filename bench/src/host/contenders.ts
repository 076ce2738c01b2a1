// Measurements of the host: in-process calls, calls over sockets, idle connections, fan-out, start.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildModule } from '@agora/codegen';
import { z } from 'zod';
import type { Contender, Measurement, Round, Size } from '../harness.ts';
import { nowMs } from '../ledger.ts';
import { Part } from '../part.ts';
import { percentile } from '../statistics.ts';
import { CALLS, toMeasurements } from './calls.ts';

const CALLERS = [1, 64];
const AMOUNTS: Record<
  Size,
  { seconds: number; idle: readonly number[]; subscribers: number; rings: number; rows: number }
> = {
  full: { seconds: 2, idle: [1000, 5000], subscribers: 1000, rings: 50, rows: 1_000_000 },
  quick: { seconds: 0.2, idle: [100, 300], subscribers: 100, rings: 5, rows: 20_000 },
};
const WARM_UP_SECONDS = 0.3;

const Ready = z.object({ url: z.string(), readyAt: z.number() });
const Seen = z.object({ calls: z.number(), seconds: z.number(), latencies: z.array(z.number()) });
const Counts = z.object({ items: z.number(), bumps: z.number() });
const Rung = z.object({ latencies: z.array(z.number()), received: z.number() });

/** A host with the module, a process of clients, and the data folder. */
interface Stage {
  readonly url: string;
  readonly host: Part;
  readonly clients: Part;
  readonly folder: string;
}

/** Calls from the process of the host: without a socket, with the disk. */
export const inside: Contender = {
  name: 'host: in-process',
  round: size =>
    withHost(async ({ host }) => {
      const call = (reducer: string, callers: number, seconds: number) =>
        host.call('callInside', { reducer, callers, seconds }, Seen);
      return measureCalls(host, size, 'callers', call);
    }),
};

/** Calls over WebSockets, each connection with one call at a time. */
export const socket: Contender = { name: 'host: socket', round: size => withHost(overSockets(size)) };

/** The same, with the module in a process of its own. */
export const isolated: Contender = {
  name: 'host: socket, isolated',
  round: size => withHost(overSockets(size), { isolate: true }),
};

/** Memory of idle connections. */
export const idle: Contender = {
  name: 'host: idle connections',
  round: size =>
    withHost(async ({ host, clients, url }) => {
      const before = await host.call('memory', null, z.number());
      const measurements: Measurement[] = [];
      for (const count of AMOUNTS[size].idle) {
        await clients.call('connect', { url, count }, z.null());
        const bytes = (await host.call('memory', null, z.number())) - before;
        measurements.push({ metric: `memory of ${count} connections`, unit: 'MB', value: bytes / 1e6 });
      }
      return { measurements, audited: AMOUNTS[size].idle.at(-1) ?? 0, faults: [] };
    }),
};

/** One commit to many subscribers. */
export const fanOut: Contender = {
  name: 'host: fan-out',
  round: size =>
    withHost(async ({ clients, url }) => {
      const { subscribers, rings } = AMOUNTS[size];
      await clients.call('connect', { url, count: subscribers }, z.null());
      await clients.call('subscribe', null, z.null());
      await clients.call('ring', 3, Rung);
      const { latencies, received } = await clients.call('ring', rings, Rung);
      const wanted = subscribers * rings;
      return {
        measurements: [0.5, 0.99].map(share => ({
          metric: `call to the last of ${subscribers}, p${100 * share}`,
          unit: 'ms',
          value: percentile(latencies, share),
        })),
        audited: wanted,
        faults: received === wanted ? [] : [`${received} of ${wanted} updates were received`],
      };
    }),
};

/** Time from the start of the process to the first answer, with many rows in the folder. */
export const start: Contender = {
  name: 'host: start',
  round: size =>
    withHost(async ({ host, folder }) => {
      const { rows } = AMOUNTS[size];
      await host.call('fill', rows, z.null());
      await host.call('stop', null, z.null());
      const startedAt = nowMs();
      const next = new Part('host: next life', new URL('./server.ts', import.meta.url));
      try {
        const { readyAt } = await next.call('start', { dataDir: folder, bundle: null, isolate: false }, Ready);
        const { items } = await next.call('counts', null, Counts);
        const bytes = await next.call('memory', null, z.number());
        await next.call('stop', null, z.null());
        return {
          measurements: [
            { metric: `start with ${rows} rows`, unit: 's', value: (readyAt - startedAt) / 1000 },
            { metric: `memory with ${rows} rows`, unit: 'MB', value: bytes / 1e6 },
          ],
          audited: rows,
          faults: items === rows ? [] : [`${items} of ${rows} rows are there`],
        };
      } finally {
        await next.stop();
      }
    }),
};

function overSockets(size: Size): (stage: Stage) => Promise<Round> {
  return ({ host, clients, url }) =>
    measureCalls(host, size, 'connections', async (reducer, count, seconds) => {
      await clients.call('connect', { url, count }, z.null());
      return clients.call('call', { reducer, seconds }, Seen);
    });
}

async function measureCalls(
  host: Part,
  size: Size,
  unit: 'callers' | 'connections',
  call: (reducer: string, callers: number, seconds: number) => Promise<z.infer<typeof Seen>>,
): Promise<Round> {
  const measurements: Measurement[] = [];
  const made = { empty: 0, insert: 0, bump: 0 };
  for (const callers of CALLERS) {
    for (const { reducer, what } of CALLS) {
      const warm = await call(reducer, callers, WARM_UP_SECONDS);
      const seen = await call(reducer, callers, AMOUNTS[size].seconds);
      made[reducer] += warm.calls + seen.calls;
      measurements.push(...toMeasurements(`${what}, ${callers === 1 ? unit.slice(0, -1) : unit} ${callers}`, seen));
    }
  }
  const { items, bumps } = await host.call('counts', null, Counts);
  const faults = [
    ...(items === made.insert ? [] : [`${items} rows are there after ${made.insert} inserts`]),
    ...(bumps === made.bump ? [] : [`the counters hold ${bumps} after ${made.bump} calls`]),
  ];
  return { measurements, audited: made.empty + made.insert + made.bump, faults };
}

async function withHost(
  work: (stage: Stage) => Promise<Round>,
  { isolate = false }: { readonly isolate?: boolean } = {},
): Promise<Round> {
  const root = await mkdtemp(join(tmpdir(), 'agora-bench-'));
  const host = new Part('host', new URL('./server.ts', import.meta.url));
  const clients = new Part('host: clients', new URL('./clients.ts', import.meta.url));
  try {
    const out = join(root, 'bundle.js');
    const bundle = await buildModule(fileURLToPath(new URL('.', import.meta.url)), { entry: 'module.ts', out });
    const folder = join(root, 'data');
    const { url } = await host.call('start', { dataDir: folder, bundle, isolate }, Ready);
    const round = await work({ url, host, clients, folder });
    await clients.call('stop', null, z.null());
    await host.call('stop', null, z.null());
    return round;
  } finally {
    await Promise.all([clients.stop(), host.stop()]);
    await rm(root, { recursive: true, force: true });
  }
}
