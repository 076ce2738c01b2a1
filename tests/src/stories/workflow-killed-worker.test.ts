// A worker is killed in the middle of a step, and another of its capability does the step.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { startTestHub } from '../support/hub.ts';

const WORKER = fileURLToPath(new URL('../support/worker-process.ts', import.meta.url));

test('a step whose worker is killed is done by another', { timeout: 60_000 }, async () => {
  await using hub = await startTestHub();
  const lead = await hub.join('Lead');
  const flags = [WORKER, hub.url, hub.database, 'Doomed', 'digging'];
  const doomed = spawn(process.execPath, flags, { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const lines = createInterface(doomed.stdout);
    const begun = new Promise<void>(resolve => lines.once('line', () => resolve()));
    await expect.poll(() => lead.findAgents({ name: 'Doomed' }), { timeout: 10_000 }).toHaveLength(1);
    const steps = [{ capability: 'digging', action: 'dig' }];
    const workflow = await lead.startWorkflowCoordination({ workflowType: 'killed', steps });
    await begun;
    const other = await hub.join('Other', { capabilities: ['digging'] });
    other.onTask('dig', () => 'by the other');

    doomed.kill('SIGKILL');

    expect((await workflow.result({ timeoutMs: 40_000 })).outputs).toEqual({ dig: 'by the other' });
  } finally {
    doomed.kill('SIGKILL');
  }
});
