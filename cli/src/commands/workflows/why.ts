// `agora workflow why`: shows what each unfinished step waits for.

import type { WorkflowWait } from '@agora/client';
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

export default defineCommand({
  input: z.object({ workflow: z.string() }),
  async run(context, { workflow }) {
    const { output } = context;
    const client = await context.connect();
    await using handle = await openWorkflow(client, workflow);
    const waits = await handle.whyWaiting();
    const now = new Date();
    const summary = handle.status();
    const paint = output.paint.bind(output);
    output.note(headOf(summary, { now, paint }));
    if (waits.length === 0) output.note(summary.endedAt ? 'The workflow has ended; no step waits.' : 'No step waits.');
    await output.table(waits, {
      STEP: wait => wait.step,
      STATE: wait => wait.state,
      'WAITS FOR': wait => WORDS[wait.waitsFor],
      WHOM: ({ whom }) => {
        const more = whom.length - MAX_NAMES;
        return `${whom.slice(0, MAX_NAMES).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
      },
      IN: ({ until }) => (until ? elapsed(until.getTime() - now.getTime()) : ''),
    });
  },
});
