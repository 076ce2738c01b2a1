// Steering a workflow: for whoever started it, and operators.

import { isOperator, isSame } from '../access.ts';
import { isSameDefinition } from '../message/trace.ts';
import { refuseOverflow } from '../quota/charge.ts';
import { refuse } from '../refuse.ts';
import { byteLength } from '../text.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { begin, planOf } from './begin.ts';
import { takeBack } from './kinds/approval.ts';
import { childrenOf } from './kinds/for-each.ts';
import { concernsStep, isRefused, type WorkflowHappening } from './moves.ts';
import { Run } from './run.ts';
import { isBad, isMet, stateOf, type Step } from './step.ts';

/** What of a step begins anew with it. */
const AFRESH = { message: '', tries: 0, dueAt: 0n, approval: '', approver: 0n } as const;

/** The workflow that the caller may steer. */
export function steered(unit: UnitOfWork, id: string): Run {
  const run = Run.find(unit, id);
  const { sender, db } = unit.ctx;
  const initiator = run && unit.box(run.definition.initiator);
  const isOwn = initiator !== undefined && isSame(initiator.owner, sender);
  if (run && (isOwn || isOperator(db, sender))) return run;
  const isParty = run?.definition.participants.some(agent => {
    const box = unit.box(agent);
    return box !== undefined && isSame(box.owner, sender);
  });
  if (isParty) refuse('workflow/not-yours', `only whoever started workflow ${id} may steer it, or an operator`);
  refuse('workflow/unknown', `there is no workflow ${id.slice(0, 64)} that you may steer`);
}

/** Gives out nothing more until it is resumed; what runs goes on. Saying it again does nothing. */
export function pause(unit: UnitOfWork, id: string): void {
  const run = steered(unit, id);
  refuseMove(run, 'pause');
  // Said of it alone, it does not go on with the workflow that it is a step of.
  if (run.status === 'paused') run.state.pausedWith = false;
  run.pause();
  Run.saveAll(unit);
}

/** Goes on where it was paused. Saying it again does nothing. */
export function resume(unit: UnitOfWork, id: string): void {
  const run = steered(unit, id);
  refuseMove(run, 'resume');
  run.resume();
  Run.saveAll(unit);
}

/** Calls a workflow off, and all that is offered of it. Saying it again does nothing. */
export function cancel(unit: UnitOfWork, id: string, reason: string): void {
  const run = steered(unit, id);
  // Said again while it is undone, it is the same act.
  if (run.state.outcome === 'cancelled') return;
  refuseMove(run, 'cancel');
  run.stop('cancel', reason);
  Run.saveAll(unit);
}

/** Does a step again that did not end well, and all that depends on it; a workflow that failed goes on. What succeeded stays. */
export function retry(unit: UnitOfWork, id: string, name: string): void {
  const run = steered(unit, id);
  const step = run.steps().find(each => each.name === name);
  if (!step) refuse('workflow/unknown-step', `workflow ${id} has no step "${name.slice(0, 64)}"`);
  if (!concernsStep(stateOf(step), 'renew')) {
    refuse('workflow/bad-move', `step "${name}" is ${step.state}; only one that ended without success is done again`);
  }
  if (step.parent > 0) refuse('workflow/bad-move', `"${name}" is an element of a step; retry that step`);
  if (isRefused(run.status, 'renew') || run.steps().some(each => each.undo !== '')) {
    refuse('workflow/bad-move', `what workflow ${id} had done was undone; start it anew`);
  }
  if (run.hasEnded && run.definition.parentStep > 0n) {
    refuse('workflow/bad-move', `workflow ${id} was a step of another one, which has gone on; retry that step there`);
  }
  const again = unfinished(run, step);
  for (const each of again) {
    run.go(each, 'renew', { ...AFRESH, endedAt: 0n, startedAt: 0n, error: '', output: '' });
  }
  // What ends from now on has ended after what had ended before.
  run.state.ended = 0;
  for (const each of inOrder(run.steps())) run.change(each, { order: ++run.state.ended });
  const recount = new Set([...again].filter(each => each.parent === 0));
  for (const each of again) for (const waiting of notBegun(run, each)) recount.add(waiting);
  for (const each of recount) count(run, each);
  run.goAll('renew', { outcome: '', reason: '', endedAt: 0n });
  run.tell('workflow_resumed', { step: name });
  run.release();
  Run.saveAll(unit);
}

/** Runs a workflow anew from a step on, with what did not depend on it. Saying it again does nothing. */
export function fork(
  unit: UnitOfWork,
  from: string,
  { id, agent, step: name }: { readonly id: string; readonly agent: bigint; readonly step: string },
): void {
  const source = Run.find(unit, from);
  const step = source?.steps().find(each => each.name === name && each.parent === 0);
  if (!source || !step) refuse('workflow/unknown-step', `workflow ${from} has no step "${name.slice(0, 64)}"`);
  if (isRefused(source.status, 'fork'))
    refuse('workflow/bad-move', `workflow ${from} has not ended; retry the step, or wait`);
  const { definition } = source.definition;
  const earlier = unit.ctx.db.workflow.id.find(id);
  if (earlier) {
    if (earlier.initiator === agent && isSameDefinition(earlier.definition, definition)) return;
    refuse('workflow/id-reused', `${id} was used for another workflow; fork under a new id`);
  }
  refuseOverflow(unit, byteLength(definition));
  const run = begin(unit, {
    id,
    initiator: agent,
    definition,
    plan: planOf(unit, definition),
    parentStep: 0n,
    inputs: source.definition.inputs,
  });
  const again = reachedFrom(source, step);
  for (const before of inOrder(source.steps())) {
    const each = before.parent === 0 ? run.step(before.position) : undefined;
    // What was undone is done anew.
    if (!each || before.state !== 'succeeded' || before.undo !== '' || again.has(before.position)) continue;
    const { output, startedAt } = before;
    run.go(each, 'succeed', { output, startedAt, endedAt: unit.now, order: ++run.state.ended });
  }
  for (const each of run.steps()) count(run, each);
  run.release();
  Run.saveAll(unit);
}

/** The steps that have ended, in the order in which they did. */
function inOrder(steps: readonly Step[]): Step[] {
  return steps.filter(each => each.endedAt > 0n).sort((a, b) => a.order - b.order);
}

/** The positions of a step and of all that depends on it. */
function reachedFrom(run: Run, step: Step): Set<number> {
  const reached = new Set<number>();
  const open = [step.position];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (reached.has(at)) continue;
    reached.add(at);
    open.push(...(run.step(at)?.dependents ?? []));
  }
  return reached;
}

/** The step, what depends on it, and, of a workflow that ended early, what ended it and was called off then; of those, what did not succeed. */
function unfinished(run: Run, step: Step): Set<Step> {
  const again = new Set<Step>();
  const reached = [step];
  if (run.hasEnded && run.status !== 'succeeded') {
    // Elements come with the step that they are of.
    const isPart = (each: Step) =>
      each.parent === 0 && (each.state === 'cancelled' || (isBad(each) && run.specOf(each).onFailure === 'fail'));
    reached.push(...run.steps().filter(isPart));
  }
  for (let each = reached.pop(); each; each = reached.pop()) {
    if (again.has(each) || each.state === 'succeeded' || each.endedAt === 0n) continue;
    again.add(each);
    reached.push(...childrenOf(run, each));
    for (const position of each.dependents) {
      const dependent = run.step(position);
      if (dependent) reached.push(dependent);
    }
  }
  return again;
}

/** What depends on a step and nobody works at: it waits for the step again, even if all was ready, or being agreed to. */
function notBegun(run: Run, step: Step): Step[] {
  const dependents = step.dependents.flatMap(position => run.step(position) ?? []);
  const waiting = dependents.filter(({ state }) => state === 'pending' || state === 'ready');
  for (const each of waiting) {
    takeBack(run.unit, each, `step "${step.name}" is done again`);
    run.go(each, 'set-back', { ...AFRESH });
  }
  return waiting;
}

/** Counts anew what a step waits for. */
function count(run: Run, step: Step): void {
  const dependencies = step.dependencies.flatMap(position => run.step(position) ?? []);
  const ended = dependencies.filter(each => each.endedAt > 0n);
  const met = ended.filter(each => isMet(each, run.specOf(each)));
  run.change(step, { unmet: dependencies.length - ended.length, met: met.length });
}

function refuseMove(run: Run, happening: WorkflowHappening): void {
  if (!isRefused(run.status, happening)) return;
  const how = run.hasEnded ? `has ended as ${run.status}` : 'is being undone';
  refuse('workflow/bad-move', `workflow ${run.state.id} ${how}`);
}
