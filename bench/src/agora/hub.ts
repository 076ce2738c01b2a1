// The hub as a separate process: durable, in a new folder, on a free port; audits its tables at the end.

import { type Hub, startHub } from '@agora/hub';
import { z } from 'zod';
import { servePart } from '../part.ts';
import { countRows } from './read-rows.ts';

let hub: Hub | undefined;

servePart({
  async start(dataDir) {
    hub = await startHub({ dataDir: z.string().parse(dataDir) });
    return hub.url;
  },
  /** Compares the tables of the hub with the number of sent messages, all handled once. */
  async faults(argument) {
    if (!hub) throw new Error('the hub was not started');
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
      const is = await countRows(hub, rows);
      if (is !== should) faults.push(`the hub counts ${is} ${what}, not ${should}`);
    }
    return faults;
  },
  stop: () => hub?.close(),
});
