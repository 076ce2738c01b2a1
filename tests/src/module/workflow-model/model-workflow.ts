// A naive model of a workflow: after each change the rules are evaluated over all steps; the model keeps no counters. Compare
// with the engine in `module/src/workflow/`, which must reach the same states.
//
// Order of reading: `release` starts steps, `answered`, `failed`, `approved`, `rejected` and timers end them, and each end goes
// through `#propagateAfter`: ends are propagated to dependents one after the other, in the order in which they came.

import { type ModelClock } from './model-clock.ts';
import {
  hasEnded,
  isBad,
  isMet,
  isRenewable,
  isUndoable,
  member,
  type ModelSpec,
  type ModelStep,
  type Output,
} from './model-step.ts';

const MAX_BACKOFF_MS = 60_000;

/** One workflow of the model; nested workflows are models too, held by their steps. */
export class ModelWorkflow {
  status = 'running';
  outcome = '';
  readonly steps: ModelStep[];
  readonly parent: ModelStep | undefined;
  readonly #clock: ModelClock;
  #isPausedByParent = false;
  /** Steps in the order in which they ended, and those whose end was propagated to their dependents. */
  #ends: ModelStep[] = [];
  #propagated = new Set<ModelStep>();
  #propagationQueue: ModelStep[] = [];
  #isPropagating = false;

  constructor(clock: ModelClock, specs: readonly ModelSpec[], deadlineMs?: number, parent?: ModelStep) {
    this.#clock = clock;
    this.parent = parent;
    this.steps = specs.map((spec, at) => this.#newStep(spec, `s${at}`));
    if (deadlineMs === undefined) return;
    clock.schedule('workflow-deadline', deadlineMs, () => {
      if (this.isLive) this.stop('failed');
    });
  }

  get isLive(): boolean {
    return this.status === 'running' || this.status === 'paused';
  }
  get isOver(): boolean {
    return !this.isLive && this.status !== 'compensating';
  }
  get ended(): number {
    return this.steps.filter(hasEnded).length;
  }
  /** This workflow and all nested ones, also those of earlier attempts. */
  all(): ModelWorkflow[] {
    return [this, ...this.steps.flatMap(step => step.runs.flatMap(run => run.all()))];
  }
  /** The place of a step in the order of ends, from 1 on; 0 if it has not ended. */
  placeOf(step: ModelStep): number {
    return this.#ends.indexOf(step) + 1;
  }
  /** The number of dependencies that satisfy the join of a step. */
  met({ spec }: ModelStep): number {
    return spec.waitsFor.filter(at => isMet(this.#at(at))).length;
  }

  release(): void {
    this.#propagateAfter(() => {
      for (const step of this.steps) if (step.state === 'pending' && !step.parent) this.#decide(step);
    });
  }
  answered(step: ModelStep, output: Output): void {
    step.output = output;
    this.#finish(step, 'succeeded');
  }
  /** An attempt failed: the step is tried again after a backoff, or ends. */
  failed(step: ModelStep, isFinal: boolean, state = 'failed'): void {
    const { retries } = step.spec;
    if (!retries || isFinal || step.tries > retries.attempts) return this.#finish(step, state);
    const backoff = Math.min(retries.backoffMs * 2 ** (step.tries - 1), MAX_BACKOFF_MS);
    Object.assign(step, { state: 'ready', run: undefined, dueAt: this.#clock.now + BigInt(backoff) * 1000n });
    this.#schedule('step-retry', backoff, step);
  }
  approved(step: ModelStep, output: Output): void {
    step.approval = 'approved';
    if (step.spec.agent ?? step.spec.capability ?? step.spec.nested) this.#start(step);
    else this.answered(step, output);
  }
  rejected(step: ModelStep): void {
    this.#finish(step, 'failed');
  }
  undone(step: ModelStep, isDone: boolean): void {
    step.undo = isDone ? 'done' : 'failed';
    this.#compensateNext();
  }
  /** A timer of a step fired; `token` is that of the assignment or question that scheduled it. */
  #timerFired(kind: string, step: ModelStep, token: number): void {
    if (this.isOver) return;
    const isCurrent = step.token === token;
    if (kind === 'step-retry') {
      const isDue = step.state === 'ready' && step.dueAt > 0n && step.dueAt <= this.#clock.now;
      if (isDue && this.status === 'running') this.#start(step);
    } else if (kind === 'step-timeout' && step.undo === 'running') {
      if (isCurrent) this.undone(step, false);
    } else if (kind === 'step-timeout') {
      if (step.state !== 'running' || !isCurrent) return;
      const { run } = step;
      step.run = undefined;
      if (run?.isLive) run.stop('cancelled');
      this.failed(step, false, 'timed_out');
    } else if (step.approval === 'asked' && isCurrent && (kind === 'approval' || this.#isUnregistered(step.approver))) {
      const { next } = step.spec.approval ?? {};
      if (next === undefined || this.#isUnregistered(next) || next === step.approver) this.#finish(step, 'failed');
      else this.#ask(step, [next]);
    }
  }
  /** The question to an approver is a dead letter: a timer checks if the approver is still registered. */
  questionDied(step: ModelStep): void {
    this.#schedule('approver', 0, step);
  }

  pause(isByParent = false): void {
    if (this.status === 'paused') this.#isPausedByParent = false;
    if (this.status !== 'running') return;
    this.status = 'paused';
    this.#isPausedByParent = isByParent;
    for (const { state, run } of this.steps) if (state === 'running' && run?.status === 'running') run.pause(true);
  }
  resume(): void {
    if (this.status === 'running') return;
    this.status = 'running';
    this.#propagateAfter(() => {
      for (const step of this.steps) {
        if (step.state === 'ready' && step.dueAt <= this.#clock.now && step.approval !== 'asked') this.#start(step);
      }
      for (const { state, run } of this.steps) {
        if (state === 'running' && run?.status === 'paused' && run.#isPausedByParent) run.resume();
      }
    });
  }
  mayRetry(step: ModelStep): boolean {
    const isDoneWith = this.isOver && this.parent !== undefined;
    const isUndone = this.status === 'compensating' || this.steps.some(each => each.undo !== '');
    return isRenewable(step) && !step.parent && !isDoneWith && !isUndone;
  }
  retry(first: ModelStep): void {
    const again = new Set<ModelStep>();
    const reached = [first];
    if (this.status === 'failed' || this.status === 'cancelled') {
      const isPart = (step: ModelStep) => step.state === 'cancelled' || (isBad(step) && step.spec.onFailure === 'fail');
      reached.push(...this.steps.filter(step => !step.parent && isPart(step)));
    }
    for (let step = reached.pop(); step; step = reached.pop()) {
      if (again.has(step) || !isRenewable(step)) continue;
      again.add(step);
      reached.push(...step.children, ...this.#dependents(step));
    }
    const renewed = { state: 'pending', tries: 0, dueAt: 0n, output: null, approval: '', run: undefined };
    for (const step of again) {
      Object.assign(step, renewed);
      for (const other of this.#dependents(step)) if (other.state === 'ready') Object.assign(other, renewed);
    }
    this.#ends = this.#ends.filter(step => !again.has(step));
    if (!this.isLive) this.status = 'running';
    this.outcome = '';
    this.#propagated = new Set(this.#ends);
    this.release();
  }
  /** Ends the workflow: cancels what has not ended and compensates what succeeded. */
  stop(outcome: 'failed' | 'cancelled'): void {
    for (const step of this.steps) if (!hasEnded(step)) this.#cancelStep(step);
    this.#propagationQueue = [];
    Object.assign(this, { status: 'compensating', outcome });
    this.#compensateNext();
  }

  /** Undoes a succeeded nested workflow, with its step. */
  undoWithParent(): void {
    Object.assign(this, { status: 'compensating', outcome: 'cancelled' });
    this.#compensateNext();
  }

  #schedule(kind: string, ms: number, step: ModelStep): void {
    const { token } = step;
    this.#clock.schedule(kind, ms, () => this.#timerFired(kind, step, token));
  }

  #newStep(spec: ModelSpec, name: string, parent?: ModelStep): ModelStep {
    const blank = { approval: '', approver: '', undo: '', runs: [], run: undefined, children: [] } as const;
    const initial = { state: 'pending', tries: 0, dueAt: 0n, output: null, token: 0, given: new Map<string, Output>() };
    return { spec, workflow: this, name, parent, ...initial, ...blank, runs: [], children: [] };
  }
  #at(at: number): ModelStep {
    const step = this.steps[at];
    if (!step) throw new Error(`no step ${at}`);
    return step;
  }
  #isUnregistered(name: string): boolean {
    return this.#clock.unregistered.has(name);
  }
  #dependents(step: ModelStep): ModelStep[] {
    const at = this.steps.indexOf(step);
    return step.parent ? [] : this.steps.filter(other => !other.parent && other.spec.waitsFor.includes(at));
  }

  #start(step: ModelStep): void {
    const { agent, approval, forEach, nested } = step.spec;
    if (this.status !== 'running') step.state = 'ready';
    else if (approval && step.approval === '') this.#ask(step, [approval.by, approval.next]);
    else if (forEach) this.#startEach(step);
    else if (agent !== undefined && this.#isUnregistered(agent)) this.#finish(step, 'failed');
    else {
      this.#begin(step);
      if (!nested) return;
      const run = new ModelWorkflow(this.#clock, nested, undefined, step);
      step.runs.push(run);
      step.run = run;
      run.release();
    }
  }
  #begin(step: ModelStep): void {
    const { waitsFor, forEach, timeoutMs } = (step.parent ?? step).spec;
    const known = waitsFor.filter(at => at !== forEach?.at).map(at => this.#at(at));
    step.given = new Map(known.filter(hasEnded).map(each => [each.name, each.output]));
    Object.assign(step, { state: 'running', tries: step.tries + 1, dueAt: 0n, token: this.#clock.nextToken() });
    const isWhole = step.spec.forEach !== undefined;
    if (timeoutMs !== undefined && !isWhole) this.#schedule('step-timeout', timeoutMs, step);
  }
  #ask(step: ModelStep, whom: readonly (string | undefined)[]): void {
    const approver = whom.find(name => name !== undefined && !this.#isUnregistered(name));
    if (approver === undefined) return this.#finish(step, 'failed');
    Object.assign(step, { state: 'ready', approval: 'asked', approver, token: this.#clock.nextToken() });
    const within = step.spec.approval?.timeoutMs;
    if (within !== undefined) this.#schedule('approval', within, step);
  }
  #startEach(step: ModelStep): void {
    const { forEach, approval: _, when: _when, ...spec } = step.spec;
    if (step.children.length === 0) {
      const list = member(this.#at(forEach?.at ?? 0).output, 'list');
      if (!Array.isArray(list)) return this.#finish(step, 'failed');
      if (list.length === 0) return this.answered(step, []);
      step.children = list.map((_element, at) =>
        this.#newStep({ ...spec, waitsFor: [], need: 0 }, `${step.name}[${at}]`, step),
      );
      this.steps.push(...step.children);
    }
    this.#begin(step);
    this.#startElements(step);
  }
  #startElements(step: ModelStep): void {
    const limit = step.spec.forEach?.concurrency ?? step.children.length;
    const isUnderWay = (child: ModelStep) => child.state !== 'pending' && !this.#propagated.has(child);
    while (step.children.filter(isUnderWay).length < limit) {
      const next = step.children.find(child => child.state === 'pending');
      if (!next) break;
      this.#start(next);
    }
    const isDone = step.children.every(child => child.state === 'succeeded');
    if (isDone)
      this.answered(
        step,
        step.children.map(child => child.output),
      );
  }
  #finish(step: ModelStep, state: string): void {
    this.#propagateAfter(() => this.#end(step, state));
  }
  #end(step: ModelStep, state: string): void {
    Object.assign(step, { state, dueAt: 0n });
    if (step.approval === 'asked') step.approval = '';
    this.#ends.push(step);
    if (state !== 'cancelled') this.#propagationQueue.push(step);
  }
  /** Propagates the ends that `work` causes, one after the other, in the order in which they came. */
  #propagateAfter(work: () => void): void {
    if (this.#isPropagating) return work();
    this.#isPropagating = true;
    work();
    for (let step = this.#propagationQueue.shift(); step; step = this.#propagationQueue.shift()) this.#propagate(step);
    this.#isPropagating = false;
    if (this.isLive && this.steps.every(hasEnded)) this.#endAs('succeeded');
  }
  #propagate(step: ModelStep): void {
    this.#propagated.add(step);
    const { parent } = step;
    if (parent) {
      if (parent.state !== 'running') return;
      if (step.state === 'succeeded') return this.#startElements(parent);
      for (const child of parent.children) if (!hasEnded(child)) this.#cancelStep(child);
      return this.#finish(parent, 'failed');
    }
    if (isBad(step) && step.spec.onFailure === 'fail') return this.stop('failed');
    for (const other of this.#dependents(step)) if (other.state === 'pending') this.#decide(other);
  }
  /** Starts a step whose join is satisfied, or skips one whose join can no longer be. */
  #decide(step: ModelStep): void {
    const { waitsFor, need, when } = step.spec;
    const ended = waitsFor.map(at => this.#at(at)).filter(each => this.#propagated.has(each));
    const met = ended.filter(isMet).length;
    if (met < need && met + waitsFor.length - ended.length >= need) return;
    if (met < need) return this.#end(step, 'skipped');
    this.#cancelUnwanted(step, step);
    const condition = when && this.#at(when.at);
    const isRight = when?.status === undefined || condition?.state === when.status;
    if (isRight && (when?.equals === undefined || member(condition?.output, 'n') === when.equals)) this.#start(step);
    else this.#end(step, 'skipped');
  }
  /** Cancels steps whose only purpose was a join that is satisfied without them. */
  #cancelUnwanted(winner: ModelStep, loser: ModelStep): void {
    for (const step of loser.spec.waitsFor.map(at => this.#at(at))) {
      const isWanted = this.#dependents(step).some(each => each !== winner && each.state === 'pending');
      // An end that is not propagated yet is one that the join waited for.
      if (hasEnded(step) || isWanted) continue;
      this.#cancelStep(step);
      this.#cancelUnwanted(winner, step);
    }
  }
  #cancelStep(step: ModelStep): void {
    for (const child of step.children) if (!hasEnded(child)) this.#cancelStep(child);
    const { state, run } = step;
    this.#end(step, 'cancelled');
    if (state === 'running' && run?.isLive) run.stop('cancelled');
  }
  /** Compensates succeeded steps one after the other, the last that ended first. */
  #compensateNext(): void {
    if (this.steps.some(({ state, run }) => state === 'cancelled' && run?.status === 'compensating')) return;
    const done = this.#ends.filter(step => step.state === 'succeeded' && isUndoable(step.spec)).reverse();
    if (done.some(step => step.undo === 'running')) return;
    for (const step of done.filter(each => each.undo === '')) {
      if (!step.spec.undo) {
        step.undo = 'running';
        return step.run?.undoWithParent();
      }
      const { agent = step.spec.agent, timeoutMs } = step.spec.undo;
      step.undo = agent !== undefined && this.#isUnregistered(agent) ? 'failed' : 'running';
      if (step.undo === 'failed') continue;
      step.token = this.#clock.nextToken();
      if (timeoutMs !== undefined) this.#schedule('step-timeout', timeoutMs, step);
      return;
    }
    this.#endAs(this.outcome);
  }
  #endAs(status: string): void {
    this.status = status;
    const step = this.parent;
    const workflow = step?.workflow;
    if (!step || step.run !== this) return;
    if (step.state === 'succeeded') workflow?.undone(step, true);
    else if (step.state !== 'running') {
      if (workflow?.status === 'compensating') workflow.#compensateNext();
    } else if (status === 'succeeded') {
      const done = this.steps.filter(each => each.state === 'succeeded' && !each.parent);
      workflow?.answered(step, Object.fromEntries(done.map(each => [each.name, each.output])));
    } else workflow?.failed(step, status === 'cancelled');
  }
}
