// A process that does one step of every workflow with the official client.

import { AgoraClient } from '@agora/client';
import { z } from 'zod';
import { servePart } from '../part.ts';
import { numberOfStep, STEPS } from './chain.ts';
import { Journal, journalCommands } from './journal.ts';

/** Credit of the agent; the hub shows at most 128 offers. */
const CREDIT = 128;

const { agent, action } = STEPS[z.coerce.number().int().min(0).max(2).parse(process.argv[2])] ?? STEPS[0];
const journal = new Journal(action);
let client: AgoraClient | undefined;

servePart({
  ...journalCommands(journal),
  async start(server) {
    client = new AgoraClient(agent, { server: z.string().parse(server) });
    await client.connect();
    client.onTask(action, task => journal.work(numberOfStep(task.requirements), task.inputs), { concurrency: CREDIT });
    await client.registerAgent({ agentType: 'specialist', capabilities: [], credit: CREDIT });
  },
  stop: () => client?.close(),
});
