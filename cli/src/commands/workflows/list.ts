// `agora workflow list`: lists workflows from the events of the hub, with the progress of those that the caller watches.

import type { AgoraClient, AgoraEvent } from '@agora/client';
import { WORKFLOW_STATUSES, type SystemEventType, type WorkflowStatus } from '@agora/module/contract';
import { z } from 'zod';
import { duration, wholeNumber } from '../../base/flag-schemas.ts';
import { defineCommand } from '../../command/command.ts';

/** The status of a workflow after an event. */
const STATUS_AFTER: Readonly<Partial<Record<SystemEventType, WorkflowStatus>>> = {
  workflow_started: 'running',
  workflow_resumed: 'running',
  workflow_paused: 'paused',
  workflow_completion: 'succeeded',
  workflow_failed: 'failed',
  workflow_cancelled: 'cancelled',
  // After the end of the workflow: a step was retried, and the workflow runs again.
  step_ready: 'running',
};

interface ListedWorkflow {
  workflowId: string;
  type: string;
  status: WorkflowStatus;
  initiator: string;
  startedAt: Date;
  endedAt: Date | undefined;
  /** Only of watched workflows. */
  total: number | undefined;
  ended: number | undefined;
}

export default defineCommand({
  input: z.object({ since: duration, status: z.enum(WORKFLOW_STATUSES).optional(), limit: wholeNumber(1, 100_000) }),
  async run(context, { since, status, limit }) {
    const { output } = context;
    const client = await context.connect();
    const found = await readWorkflows(client, new Date(Date.now() - since));
    const wanted = found.filter(each => status === undefined || each.status === status).slice(0, limit);
    if (wanted.length === 0) output.note('No workflows; use --since 7d to look further back.');
    await output.table(wanted, {
      WORKFLOW: each => each.workflowId,
      TYPE: each => each.type,
      STATUS: each => each.status,
      STEPS: ({ ended, total }) => (total === undefined ? '' : `${ended ?? 0}/${total}`),
      STARTED: each => output.date(each.startedAt),
      BY: each => each.initiator,
    });
  },
});

/** The workflows that started since a time, newest first. */
async function readWorkflows(client: AgoraClient, since: Date): Promise<ListedWorkflow[]> {
  const found = new Map<string, ListedWorkflow>();
  for await (const event of await client.subscribeToEvents({ from: since, until: 'now' })) {
    const id = event.data['workflow_id'];
    const status = STATUS_AFTER[event.type as SystemEventType]; // undefined for other types
    if (typeof id !== 'string' || status === undefined) continue;
    if (event.type === 'workflow_started') found.set(id, startedWorkflow(id, event));
    const known = found.get(id);
    if (!known) continue;
    known.status = known.status === 'paused' && event.type === 'step_ready' ? 'paused' : status;
    known.endedAt = status === 'running' || status === 'paused' ? undefined : event.at;
  }
  for (const { workflowId, type, status, startedAt, endedAt, total, ended } of await client.queryCoordinationData({
    type: 'workflows',
  })) {
    if (startedAt < since) continue;
    const initiator = found.get(workflowId)?.initiator ?? '';
    found.set(workflowId, { workflowId, type, status, initiator, startedAt, endedAt, total, ended });
  }
  return [...found.values()].sort((a, b) => b.startedAt.getTime() - a.startedAt.getTime());
}

function startedWorkflow(workflowId: string, { at, data }: AgoraEvent): ListedWorkflow {
  const text = (key: string) => (typeof data[key] === 'string' ? data[key] : '');
  return {
    workflowId,
    type: text('workflow_type'),
    status: 'running',
    initiator: text('initiator'),
    startedAt: at,
    endedAt: undefined,
    total: undefined,
    ended: undefined,
  };
}
