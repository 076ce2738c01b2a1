// A process that starts workflows with the official client and waits for their results.

import { AgoraClient } from '@agora/client';
import { z } from 'zod';
import { servePart } from '../part.ts';
import { chain, STEPS } from './chain.ts';
import { coordinatorCommands } from './coordinator.ts';

const RESULT_TIMEOUT_MS = 60_000;

let client: AgoraClient | undefined;

/** Runs a workflow to its end and returns the outputs of its steps. */
async function run(n: number): Promise<Readonly<Record<string, unknown>>> {
  if (!client) throw new Error('the coordinator was not started');
  const workflow = await client.startWorkflowCoordination(chain(n));
  const { status, reason, outputs } = await workflow.result({ timeoutMs: RESULT_TIMEOUT_MS });
  if (status !== 'succeeded') throw new Error(`workflow ${n} ${status}: ${reason}`);
  return outputs;
}

servePart({
  ...coordinatorCommands(run, STEPS),
  async start(server) {
    client = new AgoraClient('Coordinator', { server: z.string().parse(server) });
    await client.connect();
    await client.registerAgent({ agentType: 'coordinator', capabilities: [] });
  },
  stop: () => client?.close(),
});
