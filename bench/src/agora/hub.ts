// The hub as a process of its own: durable, in a folder of its own, on a free port; at the end it says what it holds.

import { DATABASE, type Hub, startHub } from '@agora/cli/hub';
import { z } from 'zod';
import { servePart } from '../part.ts';

let hub: Hub | undefined;

const Counted = z.tuple([z.object({ rows: z.tuple([z.tuple([z.number()])]) })]);

/** How many rows match, by the owner's SQL. */
async function count(rows: string): Promise<number> {
  if (!hub) throw new Error('the hub was not started');
  const answer = await fetch(`${hub.url}/v1/database/${DATABASE}/sql`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${hub.ownerToken}` },
    body: `SELECT COUNT(*) AS n FROM ${rows}`,
    signal: AbortSignal.timeout(30_000),
  });
  if (!answer.ok) throw new Error(`SQL failed: ${await answer.text()}`);
  return Counted.parse(await answer.json())[0].rows[0][0];
}

servePart({
  async start(dataDir) {
    hub = await startHub({ port: 0, hostname: '127.0.0.1', dataDir: z.string().parse(dataDir) });
    return hub.url;
  },
  /** What the hub's own tables say against "sent so many, all of them handled once". */
  async faults(argument) {
    const sent = z.number().parse(argument);
    const expected: [string, string, number][] = [
      ['messages stored', 'message', sent],
      ['deliveries done', "ended WHERE state = 'done'", sent],
      ['deliveries that ended in all', 'ended', sent],
      ['deliveries waiting', 'waiting', 0],
      ['deliveries or notices in inboxes', 'offer', 0],
    ];
    const faults: string[] = [];
    for (const [what, rows, should] of expected) {
      const is = await count(rows);
      if (is !== should) faults.push(`the hub counts ${is} ${what}, not ${should}`);
    }
    return faults;
  },
  stop: () => hub?.close(),
});
