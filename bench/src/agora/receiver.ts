// A process that receives with the official client and acknowledges each message; an acknowledgement counts when it is on the
// hub's disk.

import { AgoraClient } from '@agora/client';
import { z } from 'zod';
import { Ledger } from '../ledger.ts';
import { numberOf } from '../message.ts';
import { servePart } from '../part.ts';
import { ledgerCommands } from '../receiver.ts';

/** Credit of the receiver; the hub shows at most 128 offers. */
const CREDIT = 128;

const ledger = new Ledger();
let client: AgoraClient | undefined;

servePart({
  ...ledgerCommands(ledger),
  async start(server) {
    client = new AgoraClient('Receiver', { server: z.string().parse(server), tokenStore: false });
    await client.connect();
    await client.subscribeToMessages({
      filters: { messageTypes: ['bench.message'] },
      concurrency: CREDIT,
      handler: async message => {
        const n = numberOf(message.payload);
        ledger.handled(n);
        await message.ack();
        ledger.settled(n);
      },
    });
    await client.registerAgent({ agentType: 'worker', capabilities: ['bench'], credit: CREDIT });
  },
  stop: () => client?.close(),
});
