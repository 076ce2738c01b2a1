// The host as a separate process: durable, in a new folder; it also makes calls in its own process and counts its rows.

import { readFile } from 'node:fs/promises';
import { startHost, type Host } from '@agora/host';
import { z } from 'zod';
import { nowMs } from '../ledger.ts';
import { servePart } from '../part.ts';
import { CALLS, callLoops, text, TEXT, u32 } from './calls.ts';

const DATABASE = 'bench';
/** Rows per transaction while the table is filled. */
const FILL = 10_000;

let host: Host | undefined;

function running() {
  const open = host?.database(DATABASE);
  if (!host || !open) throw new Error('the host was not started');
  return { host, database: open.database };
}

function caller() {
  return { identity: running().host.owner.identity, connectionId: undefined, claims: undefined };
}

/** Calls a reducer and returns the number of its commit. */
function call(reducer: string, args: Uint8Array): number {
  const outcome = running().database.call(reducer, args, caller());
  if (outcome.kind !== 'committed') throw new Error(`${reducer} failed: ${outcome.message}`);
  return outcome.commit.number;
}

const Sums = z.tuple([z.object({ rows: z.array(z.tuple([z.number()])) })]);

async function column(sql: string): Promise<number[]> {
  const answer = await fetch(`${running().host.url}/v1/database/${DATABASE}/sql`, { method: 'POST', body: sql });
  if (!answer.ok) throw new Error(`SQL failed: ${await answer.text()}`);
  return Sums.parse(await answer.json())[0].rows.map(([value]) => value);
}

servePart({
  /** Starts on a folder and publishes a bundle if one is given; returns the address and the time of readiness. */
  async start(argument) {
    const { bundle, ...options } = z
      .object({ dataDir: z.string(), bundle: z.string().nullable(), isolate: z.boolean() })
      .parse(argument);
    host = await startHost(options);
    if (bundle !== null) await host.publish(DATABASE, await readFile(bundle));
    return { url: host.url, readyAt: nowMs() };
  },
  /** Makes calls in this process; each is confirmed before the same caller makes its next one. */
  async callInside(argument) {
    const { reducer, callers, seconds } = z
      .object({ reducer: z.string(), callers: z.number(), seconds: z.number() })
      .parse(argument);
    const what = CALLS.find(each => each.reducer === reducer);
    if (!what) throw new Error(`no such call: ${reducer}`);
    const { database } = running();
    return callLoops(callers, seconds, (_caller, at) => database.whenDurable(call(reducer, what.args(at))));
  },
  /** Inserts rows into the table. */
  async fill(argument) {
    const rows = z.number().parse(argument);
    const { database } = running();
    for (let left = rows; left > 0; left -= FILL) {
      await database.whenDurable(call('fill', Buffer.concat([u32(Math.min(left, FILL)), text(TEXT)])));
    }
  },
  /** The number of items, and the sum of all counters. */
  async counts() {
    const [items = 0] = await column('SELECT COUNT(*) AS n FROM item');
    const bumps = (await column('SELECT count FROM counter')).reduce((sum, count) => sum + count, 0);
    return { items, bumps };
  },
  /** Resident memory, in bytes. */
  memory: () => process.memoryUsage.rss(),
  stop: () => host?.close(),
});
