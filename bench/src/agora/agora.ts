// Contender `agora`: a hub that writes to disk before it confirms, a sender and a receiver with the official client.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { Contender } from '../harness.ts';
import { AMOUNTS, measureDirect } from '../lane.ts';
import { Part } from '../part.ts';

/** Direct messages through the hub: durable, acknowledged singly, with priority and credit. */
export const agora: Contender = {
  name: 'agora',
  async round(size) {
    const folder = await mkdtemp(join(tmpdir(), 'agora-bench-'));
    const hub = new Part('agora: hub', new URL('./hub.ts', import.meta.url));
    const receiver = new Part('agora: receiver', new URL('./receiver.ts', import.meta.url));
    const sender = new Part('agora: sender', new URL('./sender.ts', import.meta.url));
    try {
      const url = await hub.call('start', folder, z.string());
      await receiver.call('start', url, z.null());
      await sender.call('start', url, z.null());
      const leftovers = (sent: number) => hub.call('faults', sent, z.array(z.string()));
      const round = await measureDirect({ sender, receiver, leftovers }, AMOUNTS[size]);
      await Promise.all([sender.call('stop', null, z.null()), receiver.call('stop', null, z.null())]);
      await hub.call('stop', null, z.null());
      return round;
    } finally {
      await Promise.all([sender.stop(), receiver.stop(), hub.stop()]);
      await rm(folder, { recursive: true, force: true });
    }
  },
};
