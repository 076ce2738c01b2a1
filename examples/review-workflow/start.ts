// Starts the workflow and prints what happens: `node start.ts`. Its exit code is 0 if the workflow succeeded.

import { readFileSync } from 'node:fs';
import { AgoraClient, parseWorkflow } from '@agora/client';

const definition = await parseWorkflow(readFileSync(new URL('review.yaml', import.meta.url), 'utf8'));

await using lead = new AgoraClient('Lead');
await lead.connect();
await lead.registerAgent({ agentType: 'coordinator' });
const workflow = await lead.startWorkflowCoordination(definition);
console.log(`Workflow ${workflow.workflowId}`);
for await (const { type, data } of workflow) {
  const { step } = data as { step?: string };
  console.log(type, step ?? '');
  if (type === 'step_approval_requested') {
    console.log(`  approve: agora workflow approve ${workflow.workflowId} ${step} --as Editor`);
  }
}
const { status, outputs } = await workflow.result({ timeoutMs: 10_000 });
console.log(status, outputs['publish']);
process.exitCode = status === 'succeeded' ? 0 : 1;
