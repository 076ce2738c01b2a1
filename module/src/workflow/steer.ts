// Steers a workflow: pause, resume, cancel, retry and fork, for its initiator and operators.

import { isOperator, isSame } from '../access.ts';
import { charge, chargeAct } from '../quota/charge.ts';
import { refuse } from '../refuse.ts';
import { byteLength } from '../text.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { createWorkflow, planOf } from './create.ts';
import { isRefused, isStepMoved, type WorkflowTrigger } from './moves.ts';
import * as progress from './progress.ts';
import { Run } from './run.ts';
import { stateOf, type Step } from './step.ts';

/** A copy of a workflow that runs again from `step` on, under the new `id`, started by `agent`. */
export interface Fork {
  readonly id: string;
  readonly agent: bigint;
  readonly step: string;
}

/** Pauses a workflow: no step is assigned until `resume`; running steps continue. Idempotent. */
export function pause(unit: UnitOfWork, id: string): void {
  const run = steered(unit, id);
  refuseMove(run, 'pause');
  chargeOwn(run);
  // Paused by its own call, it does not resume with the outer workflow.
  if (run.status === 'paused') run.state.pausedWith = false;
  progress.pause(run);
  Run.saveAll(unit);
}

/** Resumes a paused workflow. Idempotent. */
export function resume(unit: UnitOfWork, id: string): void {
  const run = steered(unit, id);
  refuseMove(run, 'resume');
  chargeOwn(run);
  progress.resume(run);
  Run.saveAll(unit);
}

/** Cancels a workflow with all its offers, and undoes its finished steps. Idempotent. */
export function cancel(unit: UnitOfWork, id: string, reason: string): void {
  const run = steered(unit, id);
  if (run.state.outcome === 'cancelled') return;
  refuseMove(run, 'cancel');
  progress.stop(run, 'cancel', reason);
  Run.saveAll(unit);
}

/**
 * Runs a step again that ended without success, with all that depends on it; a failed workflow continues. Succeeded steps keep
 * their outputs.
 */
export function retry(unit: UnitOfWork, id: string, name: string): void {
  const run = steered(unit, id);
  const step = run.named(name);
  if (!step) refuse('workflow/unknown-step', `workflow ${id} has no step "${name.slice(0, 64)}"`);
  refuseRetry(run, step);
  chargeOwn(run);
  const hadFailed = run.hasEnded && run.status !== 'succeeded';
  run.moveWorkflow('restart', { outcome: '', reason: '', endedAt: 0n });
  run.publish('workflow_resumed', { step: name });
  progress.propagate(run, () => {
    run.jobs.push(
      { do: 'restart', open: [step.position], at: hadFailed ? 0 : undefined, by: name },
      { do: 'recount', at: 0 },
      { do: 'release', at: 0 },
    );
  });
  Run.saveAll(unit);
}

function refuseRetry(run: Run, step: Step): void {
  const { id } = run.state;
  if (!isStepMoved(stateOf(step), 'restart')) {
    refuse(
      'workflow/bad-move',
      `step "${step.name}" is ${step.state}; only a step that ended without success can be retried`,
    );
  }
  if (run.jobs.length > 0)
    refuse('workflow/busy', `workflow ${id} is still working on an earlier event; try again soon`);
  if (step.parent > 0) refuse('workflow/bad-move', `"${step.name}" is an element of a step; retry that step`);
  if (isRefused(run.status, 'restart') || run.state.undos > 0) {
    refuse('workflow/bad-move', `steps of workflow ${id} were undone; start it again`);
  }
  if (run.hasEnded && run.definition.parentStep > 0n) {
    refuse('workflow/bad-move', `workflow ${id} was a step of another workflow; retry that step there`);
  }
}

/**
 * Runs an ended workflow again from a step on, under a new id. Steps that succeeded and do not depend on that step keep their
 * outputs. Idempotent by id. Bound: a thousand new rows and as many reads, and those of `progress.ts`.
 */
export function fork(unit: UnitOfWork, from: string, { id, agent, step: name }: Fork): void {
  const source = Run.find(unit, from);
  const step = source?.named(name);
  if (!source || step?.parent !== 0)
    refuse('workflow/unknown-step', `workflow ${from} has no step "${name.slice(0, 64)}"`);
  if (isRefused(source.status, 'fork'))
    refuse('workflow/bad-move', `workflow ${from} has not ended; retry the step, or wait`);
  const { definition } = source.definition;
  const forkOf = `${from} ${name}`;
  const earlier = unit.ctx.db.workflow.id.find(id);
  if (earlier) {
    if (earlier.initiator === agent && earlier.forkOf === forkOf) return;
    refuse('workflow/id-reused', `${id} was used for another workflow; fork under a new id`);
  }
  charge(unit, unit.own(agent), { deliveries: 0, fanOut: 0, bytes: byteLength(definition) });
  const run = createWorkflow(unit, {
    id,
    initiator: agent,
    definition,
    plan: planOf(unit, definition),
    parentStep: 0n,
    inputs: source.definition.inputs,
    forkOf,
  });
  const again = [...reachableFrom(source, step)];
  progress.propagate(run, () => {
    run.jobs.push(
      { do: 'copy', from, at: 1, last: source.state.ends, again },
      { do: 'recount', at: 0 },
      { do: 'release', at: 0 },
    );
  });
  Run.saveAll(unit);
}

/** The workflow, if the caller may steer it. */
function steered(unit: UnitOfWork, id: string): Run {
  const run = Run.find(unit, id);
  const { sender, db } = unit.ctx;
  const initiator = run && unit.box(run.definition.initiator);
  const isOwn = initiator !== undefined && isSame(initiator.owner, sender);
  if (run && (isOwn || isOperator(db, sender))) return run;
  const isParticipant = run?.definition.participants.some(agent => {
    const box = unit.box(agent);
    return box !== undefined && isSame(box.owner, sender);
  });
  if (isParticipant) {
    refuse('workflow/not-yours', `only the initiator of workflow ${id} or an operator may steer it`);
  }
  refuse('workflow/unknown', `there is no workflow ${id.slice(0, 64)} that you may steer`);
}

/** Charges the initiator for a call that publishes events, and may be repeated; an operator is not charged. */
function chargeOwn({ unit, definition }: Run): void {
  const initiator = unit.box(definition.initiator);
  if (initiator && isSame(initiator.owner, unit.ctx.sender)) chargeAct(unit, initiator);
}

function refuseMove(run: Run, trigger: WorkflowTrigger): void {
  if (!isRefused(run.status, trigger)) return;
  const how = run.hasEnded ? `has ended as ${run.status}` : 'is being undone';
  refuse('workflow/bad-move', `workflow ${run.state.id} ${how}`);
}

/** The positions of a step and of all that depend on it: at most a thousand look-ups. */
function reachableFrom(run: Run, step: Step): Set<number> {
  const reached = new Set<number>();
  const open = [step.position];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (reached.has(at)) continue;
    reached.add(at);
    open.push(...(run.step(at)?.dependents ?? []));
  }
  return reached;
}
