// Creates the rows of a workflow from its definition.

import { checkHeaders } from '../checks.ts';
import { AGENT_NAME } from '../contract/words.ts';
import { queueOf } from '../message/queue.ts';
import { headersOf } from '../trace.ts';
import { toMicros } from '../micros.ts';
import { refuse } from '../refuse.ts';
import { IDLE, UNTOUCHED } from '../tables/workflow.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { bytesOfWorkflow } from './retention.ts';
import { type AgentIds, checkDefinition, sentenceOf, type StepPlan, type WorkflowPlan } from './check.ts';
import { Run } from './run.ts';

/** The plan of a definition. Refuses a definition with faults, and names all of them. */
export function planOf(unit: UnitOfWork, definition: string): WorkflowPlan {
  const checked = checkDefinition(definition, {
    isAgent: name => AGENT_NAME.test(name) && unit.boxNamed(name) !== undefined,
    isCapability: name => queueOf(unit, name) !== undefined,
  });
  if (!checked.ok) refuse('workflow/bad-definition', sentenceOf(checked.faults));
  return checked.plan;
}

/** The parts of a new workflow. */
export interface NewWorkflow {
  readonly id: string;
  readonly initiator: bigint;
  readonly definition: string;
  readonly plan: WorkflowPlan;
  /** Of a nested workflow: the ids of its agents, as of the start of the outermost one. */
  readonly ids?: AgentIds | undefined;
  /** The step of an outer workflow that it is, and the inputs of that step as JSON; else 0 and empty. */
  readonly parentStep: bigint;
  readonly inputs: string;
  /** The column `forkOf`. */
  readonly forkOf?: string;
}

/** Stores a workflow whose steps are all pending. */
export function createWorkflow(unit: UnitOfWork, workflow: NewWorkflow): Run {
  const { id, initiator, definition, plan, ids, parentStep, inputs } = workflow;
  const agentOf = (name: string) => (ids ? BigInt(ids[name] ?? 0) : (unit.boxNamed(name)?.agent ?? 0n));
  const parent = parentStep > 0n ? unit.ctx.db.step.id.find(parentStep) : undefined;
  const outer = parent && unit.ctx.db.workflow.id.find(parent.workflow);
  const headers = headersOf(definition) || (outer?.headers ?? '');
  checkHeaders(headers);
  const run = Run.create(
    unit,
    {
      id,
      initiator,
      type: plan.type,
      definition,
      participants: plan.participants.map(agentOf),
      priority: plan.priority,
      createdAt: unit.now,
      parentStep,
      inputs,
      headers,
      initiatorName: outer?.initiatorName ?? unit.box(initiator)?.name ?? '',
      hasNested: plan.steps.some(step => step.spec.workflow !== undefined),
      forkOf: workflow.forkOf ?? '',
    },
    {
      id,
      type: plan.type,
      status: 'running',
      total: plan.steps.length,
      ended: 0,
      reason: '',
      startedAt: unit.now,
      endedAt: 0n,
      version: 0,
      outcome: '',
      pausedWith: false,
      ...IDLE,
    },
  );
  unit.addBytes(initiator, bytesOfWorkflow(run.definition));
  plan.steps.forEach((step, position) => {
    run.store({
      id: 0n,
      workflow: id,
      position,
      name: step.name,
      agent: agentOf(step.agent),
      agentName: step.agent,
      action: step.action,
      requirements: step.requirements,
      dependencies: step.dependencies,
      dependents: step.dependents,
      unmet: step.dependencies.length,
      state: 'pending',
      message: '',
      attempt: 0,
      output: '',
      error: '',
      startedAt: 0n,
      endedAt: 0n,
      met: 0,
      tries: 0,
      dueAt: 0n,
      spec: specText(step, agentOf),
      ...UNTOUCHED,
    });
  });
  if (plan.deadlineMs > 0) run.schedule(unit.now + toMicros(plan.deadlineMs), 'workflow-deadline', 0n, id);
  const about = parent && { parent_workflow_id: parent.workflow, parent_step: parent.name };
  run.publish('workflow_started', { initiator: unit.box(initiator)?.name, ...about });
  return run;
}

function specText({ spec, others }: StepPlan, agentOf: (name: string) => bigint): string {
  if (others.length === 0) return JSON.stringify(spec);
  // Agents are numbered below 2³¹.
  const ids: AgentIds = Object.fromEntries(others.map(name => [name, Number(agentOf(name))]));
  return JSON.stringify({ ...spec, ids });
}
