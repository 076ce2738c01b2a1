// Steering a workflow: for whoever started it, and operators.

import { isOperator, isSame } from '../access.ts';
import type { Desk } from '../desk.ts';
import { isSameDefinition } from '../message/trace.ts';
import { refuse } from '../refuse.ts';
import { begin, planOf } from './begin.ts';
import { childrenOf } from './each.ts';
import { isBad, isMet, Run, type Step } from './run.ts';

/** The workflow that the caller may steer. */
export function steered(desk: Desk, id: string): Run {
  const run = Run.find(desk, id);
  const { sender, db } = desk.ctx;
  const initiator = run && desk.box(run.definition.initiator);
  const isOwn = initiator !== undefined && isSame(initiator.owner, sender);
  if (run && (isOwn || isOperator(db, sender))) return run;
  const isParty = run?.definition.participants.some(agent => {
    const box = desk.box(agent);
    return box !== undefined && isSame(box.owner, sender);
  });
  if (isParty) refuse('workflow/not-yours', `only whoever started workflow ${id} may steer it, or an operator`);
  refuse('workflow/unknown', `there is no workflow ${id.slice(0, 64)} that you may steer`);
}

/** Gives out nothing more until it is resumed; what runs goes on. Saying it again does nothing. */
export function pause(desk: Desk, id: string): void {
  const run = steered(desk, id);
  refuseEnded(run);
  if (run.isRunning) run.pause();
  Run.saveAll(desk);
}

/** Goes on where it was paused. Saying it again does nothing. */
export function resume(desk: Desk, id: string): void {
  const run = steered(desk, id);
  refuseEnded(run);
  if (!run.isRunning) run.resume();
  Run.saveAll(desk);
}

/** Calls a workflow off, and all that is offered of it. Saying it again does nothing. */
export function cancel(desk: Desk, id: string, reason: string): void {
  const run = steered(desk, id);
  if (run.state.status === 'cancelled') return;
  refuseEnded(run);
  run.stop('cancelled', reason);
  Run.saveAll(desk);
}

/** Does a step again that did not end well, and all that depends on it; a workflow that failed goes on. What succeeded stays. */
export function retry(desk: Desk, id: string, name: string): void {
  const run = steered(desk, id);
  const step = run.steps().find(each => each.name === name);
  if (!step) refuse('workflow/unknown-step', `workflow ${id} has no step "${name.slice(0, 64)}"`);
  if (step.endedAt === 0n || step.state === 'succeeded') {
    refuse('workflow/bad-move', `step "${name}" is ${step.state}; only one that ended without success is done again`);
  }
  if (step.parent > 0) refuse('workflow/bad-move', `"${name}" is an element of a step; retry that step`);
  if (run.state.status === 'compensating' || run.steps().some(each => each.undo !== '')) {
    refuse('workflow/bad-move', `what workflow ${id} had done was undone; start it anew`);
  }
  const again = unfinished(run, step);
  for (const each of again) {
    run.change(each, {
      state: 'pending',
      endedAt: 0n,
      startedAt: 0n,
      error: '',
      output: '',
      message: '',
      tries: 0,
      dueAt: 0n,
      approval: '',
      approver: 0n,
    });
  }
  run.state.ended -= again.size;
  const recount = new Set([...again].filter(each => each.parent === 0));
  for (const each of again) for (const waiting of notBegun(run, each)) recount.add(waiting);
  for (const each of recount) count(run, each);
  // One that is paused stays so.
  if (!run.isLive) Object.assign(run.state, { status: 'running', outcome: '', reason: '', endedAt: 0n });
  run.tell('workflow_resumed', { step: name });
  run.release();
  Run.saveAll(desk);
}

/** Runs a workflow anew from a step on, with what did not depend on it. Saying it again does nothing. */
export function fork(
  desk: Desk,
  from: string,
  { id, agent, step: name }: { readonly id: string; readonly agent: bigint; readonly step: string },
): void {
  const source = Run.find(desk, from);
  const step = source?.steps().find(each => each.name === name && each.parent === 0);
  if (!source || !step) refuse('workflow/unknown-step', `workflow ${from} has no step "${name.slice(0, 64)}"`);
  if (!source.hasEnded) refuse('workflow/bad-move', `workflow ${from} has not ended; retry the step, or wait`);
  const { definition } = source.definition;
  const earlier = desk.ctx.db.workflow.id.find(id);
  if (earlier) {
    if (earlier.initiator === agent && isSameDefinition(earlier.definition, definition)) return;
    refuse('workflow/id-reused', `${id} was used for another workflow; fork under a new id`);
  }
  const run = begin(desk, {
    id,
    initiator: agent,
    definition,
    plan: planOf(desk, definition),
    parentStep: 0n,
    inputs: '',
  });
  const again = reachedFrom(source, step);
  for (const each of run.steps()) {
    const before = source.step(each.position);
    // What was undone is done anew.
    if (before?.state !== 'succeeded' || before.undo !== '' || again.has(before.position)) continue;
    const { output, startedAt, order } = before;
    run.change(each, { state: 'succeeded', output, startedAt, endedAt: desk.now, order });
    run.state.ended++;
  }
  for (const each of run.steps()) count(run, each);
  run.release();
  Run.saveAll(desk);
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
  if (run.hasEnded && run.state.status !== 'succeeded') {
    const isPart = (each: Step) =>
      each.state === 'cancelled' || (each.parent === 0 && isBad(each) && run.specOf(each).onFailure === 'fail');
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

/** What depends on a step and was never given out: it waits for the step again, even if all was ready while paused. */
function notBegun(run: Run, step: Step): Step[] {
  const dependents = step.dependents.flatMap(position => run.step(position) ?? []);
  const waiting = dependents.filter(({ state, tries, approval }) => {
    return state === 'pending' || (state === 'ready' && tries === 0 && approval === '');
  });
  for (const each of waiting) run.change(each, { state: 'pending' });
  return waiting;
}

/** Counts anew what a step waits for. */
function count(run: Run, step: Step): void {
  const dependencies = step.dependencies.flatMap(position => run.step(position) ?? []);
  const ended = dependencies.filter(each => each.endedAt > 0n);
  const met = ended.filter(each => isMet(each, run.specOf(each)));
  run.change(step, { unmet: dependencies.length - ended.length, met: met.length });
}

function refuseEnded(run: Run): void {
  if (run.isLive) return;
  const how = run.hasEnded ? `has ended as ${run.state.status}` : 'is being undone';
  refuse('workflow/bad-move', `workflow ${run.state.id} ${how}`);
}
