import type { AgoraClient, WorkflowHandle } from '@agora/client';
import * as z from 'zod';
import { McpError } from '../base/mcp-error.ts';
import { clip, fitting, jsonBytes, MAX_ANSWER_BYTES, RESERVED_BYTES } from '../base/size.ts';
import { inbox } from './fields.ts';
import { defineTool, type ToolCall } from './tool.ts';

const BUDGET = MAX_ANSWER_BYTES - RESERVED_BYTES;
const MAX_OUTPUT_BYTES = 1_500;
const workflow_id = z.string();

/** `start_workflow`: a graph of steps for several agents. */
export const startWorkflow = defineTool({
  name: 'start_workflow',
  description:
    'Starts a workflow: steps with dependencies, each done by an agent. Every fault of the definition is reported. Events workflow_* and step_* report its course.',
  input: z.object({
    workflow_type: z.string().describe('a name, such as release'),
    participants: z.array(z.string()).max(256).optional().describe('agents that may watch it'),
    steps: z
      .array(z.record(z.string(), z.unknown()))
      .min(1)
      .max(1_000)
      .describe(
        'each {id, agent or capability, action, requirements?: object, depends_on?: [ids], timeout_ms?, retries?: {attempts}, approval?: {by: agent}, on_failure?: fail|skip|continue}',
      ),
    deadline_ms: z.number().int().min(1).optional(),
  }),
  output: z.looseObject({ workflow_id, status: z.string(), inbox }),
  annotations: { readOnlyHint: false, destructiveHint: false, openWorldHint: false },
  async run(session, definition, { signal }) {
    const client = await session.open();
    // The hub checks the definition and reports every fault.
    const unchecked = definition as unknown as Parameters<AgoraClient['startWorkflowCoordination']>[0];
    await using handle = await client.startWorkflowCoordination(unchecked, { signal });
    return summaryOf(handle);
  },
});

/** `workflow`: the state of a workflow. */
export const workflow = defineTool({
  name: 'workflow',
  description:
    'Shows a workflow: summary, steps (with outputs), or why it waits. A long list continues with next_cursor.',
  input: z.object({
    workflow_id,
    show: z.enum(['summary', 'steps', 'why']).default('summary'),
    cursor: z.number().int().min(0).default(0).describe('next_cursor of the last answer'),
  }),
  output: z.looseObject({ workflow_id, status: z.string(), inbox }),
  annotations: { readOnlyHint: true, openWorldHint: false },
  async run(session, { workflow_id: id, show, cursor }) {
    const client = await session.open();
    await using handle = await client.workflow(id);
    const summary = summaryOf(handle);
    if (show === 'summary') return summary;
    const rows = show === 'steps' ? (await handle.steps()).map(stepOf) : (await handle.whyWaiting()).map(waitOf);
    const shown = fitting(rows.slice(cursor), BUDGET - jsonBytes(summary));
    const next = cursor + shown.length;
    return { ...summary, [show]: shown, ...(next < rows.length && { next_cursor: next }) };
  },
});

const ACTIONS = ['pause', 'resume', 'cancel', 'retry', 'fork', 'approve', 'reject', 'ask_user'] as const;

/** `steer_workflow`: controls a workflow and decides approvals. */
export const steerWorkflow = defineTool({
  name: 'steer_workflow',
  description:
    'Controls a workflow. retry, fork, approve, reject and ask_user need a step. ask_user lets your user decide an approval: use it when the decision is theirs.',
  input: z.object({
    workflow_id,
    do: z.enum(ACTIONS),
    step: z.string().optional(),
    comment: z.string().max(1_000).default('').describe('reason, up to 1000 characters'),
  }),
  output: z.looseObject({ workflow_id, status: z.string(), inbox }),
  annotations: { readOnlyHint: false, destructiveHint: true, openWorldHint: false },
  async run(session, { workflow_id: id, do: action, step, comment }, call) {
    const client = await session.open();
    if (action === 'ask_user') return askUser(client, id, mustStep(step, action), call);
    if (action === 'approve') {
      await client.approveStep(id, mustStep(step, action), comment);
      return { workflow_id: id, status: 'approved' };
    }
    if (action === 'reject') {
      await client.rejectStep(id, mustStep(step, action), comment);
      return { workflow_id: id, status: 'rejected' };
    }
    await using handle = await client.workflow(id);
    switch (action) {
      case 'pause':
        await handle.pause();
        break;
      case 'resume':
        await handle.resume();
        break;
      case 'cancel':
        await handle.cancel(comment);
        break;
      case 'retry':
        await handle.retryStep(mustStep(step, action));
        break;
      case 'fork': {
        await using fork = await handle.fork(mustStep(step, action));
        return { ...summaryOf(fork), forked_from: id };
      }
    }
    return { workflow_id: id, status: DONE[action] };
  },
});

const Decision = z.object({
  approve: z.boolean().describe('Approve this step?'),
  comment: z.string().max(1_000).optional().describe('Reason, for the other agents'),
});

/** Asks the user for the decision of an approval. The question has names only: other texts are the words of other agents. */
async function askUser(client: AgoraClient, id: string, step: string, call: ToolCall): Promise<object> {
  await using handle = await client.workflow(id);
  const { type } = handle.status();
  const question = `The step "${clip(step, 64)}" of the workflow "${clip(type, 64)}" waits for an approval.`;
  const reply = call.askUser(question, Decision);
  if (reply.kind === 'answered') {
    const { approve, comment = '' } = reply.content;
    await (approve ? client.approveStep(id, step, comment) : client.rejectStep(id, step, comment));
    return { workflow_id: id, status: approve ? 'approved' : 'rejected', decided_by: 'user' };
  }
  const next = 'Ask your user in words, then call steer_workflow with approve or reject.';
  return { workflow_id: id, status: 'undecided', reason: reply.kind, next };
}

const DONE = { pause: 'paused', resume: 'resumed', cancel: 'cancelled', retry: 'retried' } as const;

function mustStep(step: string | undefined, action: string): string {
  if (step !== undefined) return step;
  throw new McpError('mcp/bad-input', `"${action}" needs a step.`, 'Call workflow with show "steps" for their names.');
}

function summaryOf(handle: WorkflowHandle) {
  const { workflowId, type, status, total, ended, reason } = handle.status();
  return {
    workflow_id: workflowId,
    type,
    status,
    steps_total: total,
    steps_ended: ended,
    ...(reason !== '' && { reason: clip(reason, 1_000) }),
  };
}

function stepOf(step: Awaited<ReturnType<WorkflowHandle['steps']>>[number]): object {
  const { name, agent, action, state, tries, output, error } = step;
  const isSmall = output !== undefined && jsonBytes(output) <= MAX_OUTPUT_BYTES;
  return {
    name,
    agent,
    action,
    state,
    ...(tries > 1 && { tries }),
    ...(isSmall && { output }),
    ...(output !== undefined &&
      !isSmall && { output_bytes: jsonBytes(output), output_text: clip(JSON.stringify(output), 500) }),
    ...(error !== undefined && { error: clip(error, 500) }),
  };
}

function waitOf({
  step,
  state,
  waitsFor,
  whom,
  until,
}: Awaited<ReturnType<WorkflowHandle['whyWaiting']>>[number]): object {
  return { step, state, waits_for: waitsFor, whom: whom.slice(0, 8), ...(until && { until: until.toISOString() }) };
}
