// The cost of a claim while others are held: claims and releases over a socket, with few and with many claims on the hub.

import { AgoraClient, createId } from '@agora/client';
import { startHub, type Hub } from '@agora/hub';
import { z } from 'zod';
import type { Contender, Round, Size } from '../harness.ts';
import { percentile } from '../statistics.ts';

/** Claims of one agent, all that it may have; also the files of one folder, and the acts of one call. */
const PER_AGENT = 256;
/** Claims until the JavaScript engine has compiled the hot code. */
const WARM_UP = 500;
const CLAIMS: Readonly<Record<Size, number>> = { full: 2_000, quick: 200 };

/** Kinds of claims: a file, and a pattern in a separate folder. */
const TARGETS = { file: (n: number) => `repo/new/f${n}.ts`, pattern: (n: number) => `repo/own${n}/**/*.ts` } as const;

/** A hub on which this many claims are held. */
export function withHeld(held: number): Contender {
  return {
    name: `${held.toLocaleString('en')} held`,
    async round(size): Promise<Round> {
      const hub = await startHub();
      try {
        await hold(hub, held);
        return await measure(hub, held, size);
      } finally {
        await hub.close();
      }
    },
  };
}

const Issued = z.object({ token: z.string() });

/** Makes agents hold files in folders of `PER_AGENT` files. */
async function hold(hub: Hub, held: number): Promise<void> {
  const { token } = Issued.parse(await (await fetch(`${hub.url}/v1/identity`, { method: 'POST' })).json());
  const call = async (reducer: string, args: readonly unknown[]) => {
    const response = await fetch(`${hub.url}/v1/database/${hub.database}/call/${reducer}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(args),
    });
    if (!response.ok) throw new Error(await response.text());
  };
  for (let agent = 0; agent * PER_AGENT < held; agent++) {
    await call('register_agent', [`Holder${agent}`, 'worker', [], '{}', 0, false]);
    const files = Math.min(PER_AGENT, held - agent * PER_AGENT);
    const acts = Array.from({ length: files }, (_, n) => ({
      claim: {
        ...{ id: createId(), agent: agent + 1, resources: [{ kind: 'path', key: `repo/d${agent}/f${n}.ts` }] },
        ...{ shared: false, lease_ms: 3_600_000, wait_ms: 0, note: '' },
      },
    }));
    await call('perform_acts', [acts]);
  }
}

async function measure(hub: Hub, held: number, size: Size): Promise<Round> {
  await using client = new AgoraClient('Claimer', { server: hub.url, database: hub.database, tokenStore: false });
  await client.connect();
  await client.registerAgent({ agentType: 'worker' });
  const measurements = [];
  for (const [name, target] of Object.entries(TARGETS)) {
    const claims: number[] = [];
    const releases: number[] = [];
    for (let n = 0; n < WARM_UP + CLAIMS[size]; n++) {
      const start = performance.now();
      const lock = await client.claim(target(n));
      const granted = performance.now();
      await lock.release();
      if (n < WARM_UP) continue;
      claims.push((granted - start) * 1_000);
      releases.push((performance.now() - granted) * 1_000);
    }
    measurements.push({ metric: `claim of a ${name}, p50`, unit: 'µs', value: percentile(claims, 0.5) });
    measurements.push({ metric: `claim of a ${name}, p99`, unit: 'µs', value: percentile(claims, 0.99) });
    measurements.push({ metric: `release of a ${name}, p50`, unit: 'µs', value: percentile(releases, 0.5) });
  }
  // A read of all claims would show a limit of a page; one of a folder shows if its holders are there.
  const [present] = await client.claims({ on: 'repo/d0/f0.ts' });
  const faults = present?.agent === 'Holder0' ? [] : ['a claim is not held'];
  return { measurements, audited: held, faults };
}
