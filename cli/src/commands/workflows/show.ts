// `agora workflow show`: shows a workflow and its steps.

import type { WorkflowStep } from '@agora/client';
import { z } from 'zod';
import { oneLine } from '../../base/printable-text.ts';
import { defineCommand } from '../../command/command.ts';
import { drawWorkflow, elapsed, headOf } from '../../graph/draw-workflow.ts';
import { holdersOf, readSnapshot } from './snapshot.ts';
import { openWorkflow } from './open-workflow.ts';

const MAX_OUTPUT_LENGTH = 2_000;
const MAX_ERROR_LENGTH = 60;
const MAX_COLUMNS = 200;

export default defineCommand({
  input: z.object({ workflow: z.string(), outputs: z.boolean().default(false), graph: z.boolean().default(false) }),
  async run(context, { workflow, outputs, graph }) {
    const { output } = context;
    const client = await context.connect();
    await using handle = await openWorkflow(client, workflow);
    const snapshot = await readSnapshot(handle);
    const { summary, steps } = snapshot;
    const now = new Date();
    const paint = output.paint.bind(output);
    if (output.isJson) {
      const shown = steps.map(({ output: result, ...step }) => (outputs ? { ...step, output: result ?? null } : step));
      return output.data({ ...summary, steps: shown }, () => '');
    }
    if (graph) {
      const lines = drawWorkflow(snapshot, {
        rows: Infinity,
        columns: Math.min(output.columns, MAX_COLUMNS),
        now,
        paint,
      });
      await output.data(summary, () => lines.join('\n'));
    } else {
      await output.data(summary, () => `${headOf(summary, { now, paint })}\n`);
      const holders = holdersOf(snapshot);
      await output.table(inOrder(steps), {
        STEP: step => step.name,
        STATE: step => step.state,
        AGENT: step => holders.get(step.name) ?? '',
        TRIES: step => (step.tries > 0 ? String(step.tries) : ''),
        STARTED: step => (step.startedAt ? output.time(step.startedAt) : ''),
        TOOK: ({ startedAt, endedAt }) => (startedAt ? elapsed((endedAt ?? now).getTime() - startedAt.getTime()) : ''),
        ERROR: step => oneLine(step.error ?? '').slice(0, output.isTerminal ? MAX_ERROR_LENGTH : undefined),
      });
      if (summary.reason !== '') await output.data(summary, () => `\n${paint('red', oneLine(summary.reason))}`);
    }
    if (!outputs) return;
    for (const step of inOrder(steps).filter(each => each.state === 'succeeded')) {
      const text = JSON.stringify(step.output ?? null, undefined, 2);
      const short =
        text.length > MAX_OUTPUT_LENGTH ? `${text.slice(0, MAX_OUTPUT_LENGTH)}… (--json shows all of it)` : text;
      await output.data(step, () => `\n${paint('bold', step.name)}\n${short}`);
    }
  },
});

/** The steps in the order of the definition; the elements of a step follow it. */
function inOrder(steps: readonly WorkflowStep[]): WorkflowStep[] {
  return steps.toSorted((a, b) => (a.parent ?? a.position) - (b.parent ?? b.position) || a.position - b.position);
}
