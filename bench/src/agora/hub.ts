// The hub as a process of its own: durable, in a folder of its own, on a free port; at the end it says what it holds.

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
  /** What the hub's own tables say against "sent so many, all of them handled once". */
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
