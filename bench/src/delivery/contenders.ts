// The compared sizes, each measured in separate processes.

import { z } from 'zod';
import type { Contender, Size } from '../harness.ts';
import { Part } from '../part.ts';
import type { Blocks, Point } from './point.ts';

/** An axis of growth and its sizes, the smallest first. */
export interface Axis {
  readonly name: string;
  readonly sizes: Readonly<Record<Size, readonly number[]>>;
}

const FEW = 10;
const BLOCKS: Record<Size, Blocks> = { full: { warmUp: 4, measured: 12 }, quick: { warmUp: 2, measured: 4 } };
const POINT_TIMEOUT_MS = 300_000;

const Measured = z.object({
  measurements: z.array(z.object({ metric: z.string(), unit: z.string(), value: z.number() })),
  audited: z.number(),
  faults: z.array(z.string()),
});

/** Stored messages. */
export const STORED: Axis = {
  name: 'messages stored',
  sizes: { full: [10, 1_000, 100_000], quick: [10, 1_000, 10_000] },
};
/** Registered and online agents. */
export const AGENTS: Axis = { name: 'agents', sizes: { full: [10, 100, 1_000], quick: [10, 100, 1_000] } };
/** Clients that subscribe to their inboxes. */
export const WATCHERS: Axis = { name: 'watchers', sizes: { full: [0, 1, 100], quick: [0, 1, 100] } };

/** Name of a size in the results. */
export function sizeName({ name }: Axis, size: number): string {
  return `${size.toLocaleString('en')} ${name}`;
}

/** One contender per size of the hub's data. */
export function pointContenders(size: Size): Contender[] {
  return [
    ...STORED.sizes[size].map(stored => pointContender(sizeName(STORED, stored), { stored, agents: FEW })),
    ...AGENTS.sizes[size].map(agents => pointContender(sizeName(AGENTS, agents), { stored: FEW, agents })),
  ];
}

function pointContender(name: string, point: Point): Contender {
  return {
    name,
    async round(size) {
      const part = new Part(name, new URL('./part.ts', import.meta.url));
      try {
        return await part.call('measure', { point, blocks: BLOCKS[size] }, Measured, POINT_TIMEOUT_MS);
      } finally {
        await part.stop();
      }
    },
  };
}

/** One contender per number of watchers. */
export function watcherContenders(size: Size): Contender[] {
  return WATCHERS.sizes[size].map(watchers => ({
    name: sizeName(WATCHERS, watchers),
    async round() {
      const hub = new Part('hub', new URL('./hub.ts', import.meta.url));
      const clients = new Part('watchers', new URL('./watchers.ts', import.meta.url));
      try {
        const url = await hub.call('start', null, z.string());
        await clients.call('start', { url, watchers }, z.null());
        const measured = await hub.call('measure', { writes: size === 'full' ? 4_000 : 1_000, watchers }, Measured);
        const faults = await clients.call('faults', null, z.array(z.string()));
        await clients.call('stop', null, z.null());
        await hub.call('stop', null, z.null());
        return { ...measured, faults: [...measured.faults, ...faults] };
      } finally {
        await Promise.all([clients.stop(), hub.stop()]);
      }
    },
  }));
}
