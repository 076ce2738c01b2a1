// Runs a workflow: a step becomes ready in the transaction that ends its last dependency, and is assigned by an ordinary delivery.

import type { StepState, WorkflowStatus } from '../contract.ts';
import type { Desk } from '../desk.ts';
import { appendSystemEvent } from '../event/publish.ts';
import { post, systemMessage } from '../message/accept.ts';
import type { Answer } from '../message/ask.ts';
import type { Message } from '../message/envelope.ts';
import type { Ctx } from '../schema.ts';
import { keepEnded } from './retention.ts';

/** A step of a workflow and how far it is. */
export type Step = NonNullable<ReturnType<Ctx['db']['step']['id']['find']>>;
type State = NonNullable<ReturnType<Ctx['db']['workflowState']['id']['find']>>;

/** The step at a position; positions are dense and unique within a workflow, so this meets one row. */
export function stepAt(db: Pick<Ctx['db'], 'step'>, workflow: string, position: number): Step | undefined {
  for (const row of db.step.byPosition.filter([workflow, position])) return row;
  return undefined;
}

/** Assigns a step whose dependencies have all ended. */
export function assignStep(desk: Desk, step: Step, priority: number): void {
  const { db } = desk.ctx;
  const box = desk.box(step.agent);
  if (!box) {
    finish(desk, step, 'failed', '', `agent "${step.agentName}" is gone`);
    return;
  }
  const inputs: string[] = [];
  for (const position of step.dependencies) {
    const dependency = stepAt(db, step.workflow, position);
    if (dependency) inputs.push(`${JSON.stringify(dependency.name)}:${dependency.output || 'null'}`);
  }
  const id = desk.ctx.newUuidV7().toString();
  const message = systemMessage(desk, {
    id,
    target: step.agentName,
    kind: 'task',
    type: 'task_assignment',
    priority,
    payload:
      `{"task":{"workflow_id":"${step.workflow}","step":${JSON.stringify(step.name)},"action":${JSON.stringify(step.action)},` +
      `"requirements":${step.requirements},"inputs":{${inputs.join(',')}}}}`,
    step: step.id,
  });
  db.step.id.update({ ...step, state: 'running' satisfies StepState, message: id, startedAt: desk.now });
  post(desk, message, [box]);
  appendSystemEvent(desk, 'step_ready', { workflow_id: step.workflow, step: step.name, agent: step.agentName });
}

/** The delivery of a step has ended, well or not: so has the step. */
export function endStep(desk: Desk, message: Message, delivery: { readonly attempt: number }, answer: Answer): void {
  const step = desk.ctx.db.step.id.find(message.step);
  // The message of an earlier assignment says nothing about a later one.
  if (!step || step.state !== 'running' || step.message !== message.id) return;
  const attempted = { ...step, attempt: delivery.attempt };
  if (answer.status === 'error') finish(desk, attempted, 'failed', '', answer.error);
  else finish(desk, attempted, 'succeeded', answer.data, '');
}

function finish(desk: Desk, step: Step, state: 'succeeded' | 'failed', output: string, error: string): void {
  const { db } = desk.ctx;
  const workflow = db.workflowState.id.find(step.workflow);
  const definition = db.workflow.id.find(step.workflow);
  if (!workflow || !definition) return;
  db.step.id.update({ ...step, state, output, error, endedAt: desk.now });
  const about = { workflow_id: step.workflow, step: step.name, agent: step.agentName };
  appendSystemEvent(desk, state === 'succeeded' ? 'step_completed' : 'step_failed', about);
  const after: State = { ...workflow, ended: workflow.ended + 1, version: workflow.version + 1 };
  if (workflow.status !== 'running') {
    db.workflowState.id.update(after);
  } else if (state === 'failed') {
    endWorkflow(desk, after, 'failed', `step "${step.name}" failed: ${error}`);
  } else if (after.ended === after.total) {
    endWorkflow(desk, after, 'succeeded', '');
  } else {
    db.workflowState.id.update(after);
    release(desk, step, definition.priority);
  }
}

/** Counts a step as ended for those that wait for it, and assigns what waits for nothing more. At most its dependents. */
function release(desk: Desk, step: Step, priority: number): void {
  const { db } = desk.ctx;
  for (const position of step.dependents) {
    const dependent = stepAt(db, step.workflow, position);
    if (!dependent || dependent.state !== 'pending') continue;
    const waiting = { ...dependent, unmet: dependent.unmet - 1 };
    db.step.id.update(waiting);
    if (waiting.unmet === 0) assignStep(desk, waiting, priority);
  }
}

function endWorkflow(
  desk: Desk,
  workflow: State,
  status: Exclude<WorkflowStatus, 'running' | 'paused'>,
  reason: string,
): void {
  const { db } = desk.ctx;
  db.workflowState.id.update({ ...workflow, status, reason, endedAt: desk.now });
  // Steps that were not reached never will be. At most 1,000 points.
  for (let position = 0; status !== 'succeeded' && position < workflow.total; position++) {
    const step = stepAt(db, workflow.id, position);
    if (step?.state === 'pending')
      db.step.id.update({ ...step, state: 'cancelled' satisfies StepState, endedAt: desk.now });
  }
  keepEnded(desk, workflow.id);
  const about = { workflow_id: workflow.id, workflow_type: workflow.type };
  switch (status) {
    case 'succeeded':
      return appendSystemEvent(desk, 'workflow_completion', about);
    case 'failed':
      return appendSystemEvent(desk, 'workflow_failed', { ...about, reason });
    case 'cancelled':
      return appendSystemEvent(desk, 'workflow_cancelled', about);
  }
}
