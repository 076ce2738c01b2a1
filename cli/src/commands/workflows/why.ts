// `agora workflow why`: shows what each unfinished step waits for.

import type { AgoraClient, WorkflowWait } from '@agora/client';
import { z } from 'zod';
import { defineCommand } from '../../command/command.ts';
import { elapsed, headOf } from '../../graph/draw-workflow.ts';
import { openWorkflow } from './open-workflow.ts';

const WORDS: Readonly<Record<WorkflowWait['waitsFor'], string>> = {
  steps: 'other steps',
  time: 'its start time',
  resume: 'the workflow to resume',
  approval: 'an approval',
  queue: 'a free agent with the capability',
  agent: 'its agent to take it',
  answer: 'its agent to finish it',
  elements: 'its elements',
  workflow: 'its nested workflow',
  limit: 'room within the limits',
};
const MAX_NAMES = 5;
/** The reasons whose `whom` has names of agents. */
const OF_AGENTS: ReadonlySet<WorkflowWait['waitsFor']> = new Set(['agent', 'answer', 'approval']);

export default defineCommand({
  input: z.object({ workflow: z.string() }),
  async run(context, { workflow }) {
    const { output } = context;
    const client = await context.connect();
    await using handle = await openWorkflow(client, workflow);
    const waits = await handle.whyWaiting();
    const offline = await offlineAgents(client, waits);
    const now = new Date();
    const summary = handle.status();
    const paint = output.paint.bind(output);
    output.note(headOf(summary, { now, paint }));
    if (waits.length === 0) output.note(summary.endedAt ? 'The workflow has ended; no step waits.' : 'No step waits.');
    const rows = waits.map(wait => ({
      ...wait,
      offline: OF_AGENTS.has(wait.waitsFor) ? wait.whom.filter(name => offline.has(name)) : [],
    }));
    await output.table(rows, {
      STEP: wait => wait.step,
      STATE: wait => wait.state,
      'WAITS FOR': wait => WORDS[wait.waitsFor],
      WHOM: ({ whom, offline }) => {
        const more = whom.length - MAX_NAMES;
        const names = whom.slice(0, MAX_NAMES).map(name => (offline.includes(name) ? `${name} (offline)` : name));
        return `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
      },
      IN: ({ until }) => (until ? elapsed(until.getTime() - now.getTime()) : ''),
    });
  },
});

/** Returns the agents that steps wait for and that are offline now. */
async function offlineAgents(client: AgoraClient, waits: readonly WorkflowWait[]): Promise<ReadonlySet<string>> {
  if (!waits.some(({ waitsFor }) => OF_AGENTS.has(waitsFor))) return new Set();
  const agents = await client.findAgents();
  return new Set(agents.filter(({ presence }) => presence !== 'online').map(({ name }) => name));
}
