// Makes the rows of a workflow out of its definition.

import { checkHeaders } from '../checks.ts';
import { AGENT_NAME } from '../contract/words.ts';
import { queueOf } from '../message/queue.ts';
import { headersOf } from '../message/trace.ts';
import { refuse } from '../refuse.ts';
import { UNTOUCHED } from '../tables/workflow.ts';
import { byteLength } from '../text.ts';
import { schedule } from '../time/schedule.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { checkDefinition, type Checked, type Plan, sentenceOf } from './check.ts';
import { Run } from './run.ts';

/** Checks a definition against the agents and capabilities that there are. */
export function check(unit: UnitOfWork, definition: string): Checked {
  return checkDefinition(definition, {
    isAgent: name => AGENT_NAME.test(name) && unit.boxNamed(name) !== undefined,
    isCapability: name => queueOf(unit, name) !== undefined,
  });
}

/** The plan of a definition. Refuses one with faults, and names them all. */
export function planOf(unit: UnitOfWork, definition: string): Plan {
  const checked = check(unit, definition);
  if (!checked.ok) refuse('workflow/bad-definition', sentenceOf(checked.faults));
  return checked.plan;
}

/** What a workflow begins with. */
export interface Beginning {
  readonly id: string;
  readonly initiator: bigint;
  readonly definition: string;
  readonly plan: Plan;
  /** The step of another workflow that it is, and that one's inputs as JSON; or 0 and empty. */
  readonly parentStep: bigint;
  readonly inputs: string;
}

/** Stores a workflow whose steps are all pending. */
export function begin(unit: UnitOfWork, { id, initiator, definition, plan, parentStep, inputs }: Beginning): Run {
  const agentOf = (name: string) => unit.boxNamed(name)?.agent ?? 0n;
  const parent = parentStep > 0n ? unit.ctx.db.step.id.find(parentStep) : undefined;
  const outer = parent && unit.ctx.db.workflow.id.find(parent.workflow);
  const headers = headersOf(definition) || (outer?.headers ?? '');
  checkHeaders(headers);
  const run = Run.begin(
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
    },
  );
  unit.addBytes(byteLength(definition));
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
      spec: JSON.stringify(step.spec),
      ...UNTOUCHED,
    });
  });
  if (plan.deadlineMs > 0) schedule(unit, unit.now + BigInt(plan.deadlineMs) * 1000n, 'workflow-deadline', 0n, id);
  const about = parent && { parent_workflow_id: parent.workflow, parent_step: parent.name };
  run.tell('workflow_started', { initiator: unit.box(initiator)?.name, ...about });
  return run;
}
