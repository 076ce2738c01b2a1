// Steers a workflow: pause, resume, cancel, retry and fork, for its initiator and operators.

import { isOperator, isSame } from '../access.ts';
import { refuseOverflow } from '../quota/charge.ts';
import { refuse } from '../refuse.ts';
import { byteLength } from '../text.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { createWorkflow, planOf } from './create.ts';
import { withdrawRequest } from './kinds/approval.ts';
import { childrenOf } from './kinds/for-each.ts';
import { isRefused, isStepMoved, type WorkflowTrigger } from './moves.ts';
import * as progress from './progress.ts';
import { Run } from './run.ts';
import { isBad, isMet, stateOf, type Step } from './step.ts';

/** Columns of a step that a restart clears. */
const CLEARED = { message: '', tries: 0, dueAt: 0n, approval: '', approver: 0n } as const;

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
  // Paused by its own call, it does not resume with the outer workflow.
  if (run.status === 'paused') run.state.pausedWith = false;
  progress.pause(run);
  Run.saveAll(unit);
}

/** Resumes a paused workflow. Idempotent. */
export function resume(unit: UnitOfWork, id: string): void {
  const run = steered(unit, id);
  refuseMove(run, 'resume');
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
  const step = run.steps().find(each => each.name === name);
  if (!step) refuse('workflow/unknown-step', `workflow ${id} has no step "${name.slice(0, 64)}"`);
  refuseRetry(run, step);
  const restarted = stepsToRestart(run, step);
  for (const each of restarted) {
    run.moveStep(each, 'restart', { ...CLEARED, endedAt: 0n, startedAt: 0n, error: '', output: '' });
  }
  // Numbers the remaining ends again, so that later ends come after them.
  run.state.ended = 0;
  for (const each of inOrderOfEnds(run.steps())) run.change(each, { order: ++run.state.ended });
  const recounted = new Set([...restarted].filter(each => each.parent === 0));
  for (const each of restarted) for (const waiting of resetDependents(run, each)) recounted.add(waiting);
  for (const each of recounted) countDependencies(run, each);
  run.moveWorkflow('restart', { outcome: '', reason: '', endedAt: 0n });
  run.publish('workflow_resumed', { step: name });
  progress.release(run);
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
  if (step.parent > 0) refuse('workflow/bad-move', `"${step.name}" is an element of a step; retry that step`);
  if (isRefused(run.status, 'restart') || run.steps().some(each => each.undo !== '')) {
    refuse('workflow/bad-move', `steps of workflow ${id} were undone; start it again`);
  }
  if (run.hasEnded && run.definition.parentStep > 0n) {
    refuse('workflow/bad-move', `workflow ${id} was a step of another workflow; retry that step there`);
  }
}

/**
 * Runs an ended workflow again from a step on, under a new id. Steps that succeeded and do not depend on that step keep their
 * outputs. Idempotent by id.
 */
export function fork(unit: UnitOfWork, from: string, { id, agent, step: name }: Fork): void {
  const source = Run.find(unit, from);
  const step = source?.steps().find(each => each.name === name && each.parent === 0);
  if (!source || !step) refuse('workflow/unknown-step', `workflow ${from} has no step "${name.slice(0, 64)}"`);
  if (isRefused(source.status, 'fork'))
    refuse('workflow/bad-move', `workflow ${from} has not ended; retry the step, or wait`);
  const { definition } = source.definition;
  const forkOf = `${from} ${name}`;
  const earlier = unit.ctx.db.workflow.id.find(id);
  if (earlier) {
    if (earlier.initiator === agent && earlier.forkOf === forkOf) return;
    refuse('workflow/id-reused', `${id} was used for another workflow; fork under a new id`);
  }
  refuseOverflow(unit, byteLength(definition));
  const run = createWorkflow(unit, {
    id,
    initiator: agent,
    definition,
    plan: planOf(unit, definition),
    parentStep: 0n,
    inputs: source.definition.inputs,
    forkOf,
  });
  const again = reachableFrom(source, step);
  for (const before of inOrderOfEnds(source.steps())) {
    const copy = before.parent === 0 ? run.step(before.position) : undefined;
    // Undone steps run again.
    if (!copy || before.state !== 'succeeded' || before.undo !== '' || again.has(before.position)) continue;
    const { output, startedAt } = before;
    run.moveStep(copy, 'succeed', { output, startedAt, endedAt: unit.now, order: ++run.state.ended });
  }
  for (const each of run.steps()) countDependencies(run, each);
  progress.release(run);
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

function refuseMove(run: Run, trigger: WorkflowTrigger): void {
  if (!isRefused(run.status, trigger)) return;
  const how = run.hasEnded ? `has ended as ${run.status}` : 'is being undone';
  refuse('workflow/bad-move', `workflow ${run.state.id} ${how}`);
}

/** Ended steps in the order of their ends. */
function inOrderOfEnds(steps: readonly Step[]): Step[] {
  return steps.filter(each => each.endedAt > 0n).sort((a, b) => a.order - b.order);
}

/** The positions of a step and of all that depend on it. */
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

/**
 * The steps without success among: a step and its dependents; and, if the workflow ended early, the steps that failed it and
 * those that were cancelled then.
 */
function stepsToRestart(run: Run, step: Step): Set<Step> {
  const restarted = new Set<Step>();
  const reached = [step];
  if (run.hasEnded && run.status !== 'succeeded') {
    // Elements follow with their step.
    const isPart = (each: Step) =>
      each.parent === 0 && (each.state === 'cancelled' || (isBad(each) && run.specOf(each).onFailure === 'fail'));
    reached.push(...run.steps().filter(isPart));
  }
  for (let each = reached.pop(); each; each = reached.pop()) {
    if (restarted.has(each) || each.state === 'succeeded' || each.endedAt === 0n) continue;
    restarted.add(each);
    reached.push(...childrenOf(run, each));
    for (const position of each.dependents) {
      const dependent = run.step(position);
      if (dependent) reached.push(dependent);
    }
  }
  return restarted;
}

/** Resets the dependents of a restarted step that have not begun, also ready ones: they wait for it again. Returns them. */
function resetDependents(run: Run, step: Step): Step[] {
  const dependents = step.dependents.flatMap(position => run.step(position) ?? []);
  const waiting = dependents.filter(({ state }) => state === 'pending' || state === 'ready');
  for (const each of waiting) {
    withdrawRequest(run.unit, each, `step "${step.name}" runs again`);
    run.moveStep(each, 'reset', { ...CLEARED });
  }
  return waiting;
}

/** Counts again how many dependencies of a step have not ended, and how many ended well. */
function countDependencies(run: Run, step: Step): void {
  const dependencies = step.dependencies.flatMap(position => run.step(position) ?? []);
  const ended = dependencies.filter(each => each.endedAt > 0n);
  const met = ended.filter(each => isMet(each, run.specOf(each)));
  run.change(step, { unmet: dependencies.length - ended.length, met: met.length });
}
