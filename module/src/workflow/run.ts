// Runs a workflow: what one happening does to its steps, in the transaction that it happens in.
//
// I1  A step is assigned only when as many of its dependencies as it needs have ended well; so it is ready in the very
//     transaction that ends the last of them.
// I2  A step has one assignment at a time; what comes from an earlier one says nothing about it.
// I3  A workflow has ended when all its steps have, and then nothing of it is assigned any more.

import type { StepState, WorkflowStatus } from '../contract.ts';
import type { Desk } from '../desk.ts';
import { appendSystemEvent, type SystemEventType } from '../event/publish.ts';
import { post } from '../message/accept.ts';
import type { Answer } from '../message/ask.ts';
import { cancelMessage } from '../message/cancel.ts';
import type { Message } from '../message/envelope.ts';
import type { Ctx } from '../schema.ts';
import { remember } from '../time/due.ts';
import { askApproval, takeBack } from './approval.ts';
import { assignment, takerOf } from './assignment.ts';
import { undoNext, undone } from './compensate.ts';
import { beginEach, callOffChildren, childEnded } from './each.ts';
import { beginNested, endNested, stopNested } from './nested.ts';
import { keepEnded } from './retention.ts';
import { holds, retryMicros, type StepSpec } from './rules.ts';

/** A step of a workflow and how far it is. */
export type Step = NonNullable<ReturnType<Ctx['db']['step']['id']['find']>>;
type State = NonNullable<ReturnType<Ctx['db']['workflowState']['id']['find']>>;
type Definition = NonNullable<ReturnType<Ctx['db']['workflow']['id']['find']>>;

/** How a step may end without having been done well. */
type BadEnd = Extract<StepState, 'failed' | 'timed_out'>;

const FAIL_AT_ONCE: StepSpec = { onFailure: 'fail', need: 0 };

/** The step at a position; positions are dense and unique within a workflow, so this meets one row. */
export function stepAt(db: Pick<Ctx['db'], 'step'>, workflow: string, position: number): Step | undefined {
  for (const row of db.step.byPosition.filter([workflow, position])) return row;
  return undefined;
}

/** How a step is run. Steps from before there was a choice fail the workflow. */
export function specOf(step: Pick<Step, 'spec' | 'dependencies'>): StepSpec {
  // Written by `begin` alone.
  return step.spec === '' ? { ...FAIL_AT_ONCE, need: step.dependencies.length } : (JSON.parse(step.spec) as StepSpec);
}

/** Whether a step has ended in a way that lets those that depend on it go on. */
export function isMet({ state }: Pick<Step, 'state'>, spec: StepSpec): boolean {
  return state === 'succeeded' || (isBad({ state }) && spec.onFailure === 'continue');
}

/** Whether a step was tried and not done. */
export function isBad({ state }: Pick<Step, 'state'>): boolean {
  return state === 'failed' || state === 'timed_out';
}

/** A workflow on the desk: its rows are read once, changed in memory, and written by `save`. */
export class Run {
  readonly desk: Desk;
  readonly definition: Definition;
  readonly state: State;
  readonly #steps = new Map<number, Step>();
  readonly #changed = new Set<Step>();
  readonly #specs = new Map<Step, StepSpec>();
  readonly #touched: Set<Run>;
  #stored: State;

  private constructor(desk: Desk, definition: Definition, state: State) {
    this.desk = desk;
    this.definition = definition;
    this.state = { ...state };
    this.#stored = state;
    this.#touched = onDesk(desk).touched;
    this.#touched.add(this);
  }

  /** The workflow with this id, if there is one: the same object throughout a call, since one may be a step of another. */
  static find(desk: Desk, id: string): Run | undefined {
    const { runs, touched } = onDesk(desk);
    const known = runs.get(id);
    if (known) {
      touched.add(known);
      return known;
    }
    const { db } = desk.ctx;
    const definition = db.workflow.id.find(id);
    const state = db.workflowState.id.find(id);
    if (!definition || !state) return undefined;
    const run = new Run(desk, definition, state);
    runs.set(id, run);
    return run;
  }

  /** Stores a new workflow. */
  static begin(desk: Desk, definition: Definition, state: State): Run {
    const { db } = desk.ctx;
    const run = new Run(desk, db.workflow.insert(definition), db.workflowState.insert(state));
    onDesk(desk).runs.set(state.id, run);
    return run;
  }

  /** Writes what was changed of the workflows that a happening has touched. The last step of every happening. */
  static saveAll(desk: Desk): void {
    const { touched } = onDesk(desk);
    for (const run of touched) run.#save();
    touched.clear();
  }

  get isRunning(): boolean {
    return this.state.status === 'running';
  }

  get hasEnded(): boolean {
    return this.state.endedAt > 0n;
  }

  /** Whether steps may still begin: it has not ended, and is not being undone. */
  get isLive(): boolean {
    return this.state.status === 'running' || this.state.status === 'paused';
  }

  step(position: number): Step | undefined {
    return this.#steps.get(position) ?? this.#keep(stepAt(this.desk.ctx.db, this.state.id, position));
  }

  /** The step of a row that was found by its id: the one on the desk, if it is there already. */
  stepOf(row: Step): Step {
    return this.#steps.get(row.position) ?? this.#keep(row);
  }

  #keep<Found extends Step | undefined>(step: Found): Found {
    if (step) this.#steps.set(step.position, step);
    return step;
  }

  /** All steps in order: at most 1,000 points. */
  steps(): Step[] {
    return Array.from({ length: this.state.total }, (_, at) => this.step(at)).filter(step => step !== undefined);
  }

  specOf(step: Step): StepSpec {
    let spec = this.#specs.get(step);
    if (!spec) this.#specs.set(step, (spec = specOf(step)));
    return spec;
  }

  /** Adds a step that the total does not count yet. */
  add(row: Step): void {
    this.store(row);
    this.state.total++;
  }

  /** Stores a step of a workflow that begins. */
  store(row: Step): void {
    this.#keep(this.desk.ctx.db.step.insert(row));
  }

  change(step: Step, fields: Partial<Step>): void {
    Object.assign(step, fields);
    this.#changed.add(step);
    this.#touched.add(this);
  }

  #save(): void {
    const { db } = this.desk.ctx;
    const isChanged =
      this.#changed.size > 0 ||
      Object.entries(this.#stored).some(([key, was]) => this.state[key as keyof State] !== was);
    if (!isChanged) return;
    for (const step of this.#changed) db.step.id.update(step);
    this.#changed.clear();
    this.state.version++;
    this.#stored = { ...this.state };
    db.workflowState.id.update(this.#stored);
  }

  /** Gives out every step that waits for nothing: those of a workflow that begins, or goes on. */
  release(): void {
    for (const step of this.steps()) {
      // The children of a step are given out by it.
      if (step.state === 'pending' && step.parent === 0 && this.#decide(step)) this.#spread(step);
    }
    this.#conclude();
  }

  /** Assigns what became ready while the workflow was paused. */
  resume(): void {
    this.state.status = 'running';
    this.tell('workflow_resumed', {});
    for (const step of this.steps()) {
      if (step.state === 'ready' && step.dueAt <= this.desk.now && step.approval !== 'asked') this.assign(step);
    }
    this.#conclude();
  }

  pause(): void {
    this.state.status = 'paused';
    this.tell('workflow_paused', {});
  }

  /** An attempt at a step has ended: so has the step, unless it is to be tried again. */
  attemptEnded(step: Step, answer: Answer, state: BadEnd = 'failed'): void {
    if (answer.status !== 'error') return this.finish(step, 'succeeded', { output: answer.data });
    const { retries } = this.specOf(step);
    if (!retries || step.tries > retries.attempts) return this.finish(step, state, { error: answer.error });
    const chance = retries.jitter > 0 ? this.desk.ctx.random() : 0;
    const dueAt = this.desk.now + retryMicros(retries, step.tries, chance);
    this.change(step, { state: 'ready', error: answer.error, message: '', dueAt });
    remember(this.desk, dueAt, 'step-retry', step.id);
  }

  /** A step has ended, and what that means to the others follows at once. */
  finish(step: Step, state: StepState, fields: Partial<Pick<Step, 'output' | 'error'>>): void {
    this.#end(step, state, fields);
    if (step.parent > 0) childEnded(this, step);
    else this.#spread(step);
    this.#conclude();
  }

  /** Somebody has agreed to a step: it is given out, or, if it was only to be agreed to, done. */
  approved(step: Step, output: string): void {
    if (step.agentName === '' && this.specOf(step).capability === undefined) this.finish(step, 'succeeded', { output });
    else this.assign(step);
  }

  /** All that could be undone is. */
  compensated(): void {
    const status = this.state.outcome === 'cancelled' ? 'cancelled' : 'failed';
    this.#over(status, this.state.reason);
  }

  /** Assigns a step to its agent, or to whoever is able. */
  assign(step: Step): void {
    const spec = this.specOf(step);
    if (!this.isRunning) return this.change(step, { state: 'ready' });
    if (spec.approval && step.approval === '') return askApproval(this, step, spec.approval.by);
    if (spec.forEach) return beginEach(this, step);
    if (spec.workflow) return beginNested(this, step);
    const taker = takerOf(this.desk, step, spec);
    if (!taker) return this.finish(step, 'failed', { error: `agent "${step.agentName}" is gone` });
    const message = assignment(this, step, taker);
    this.change(step, {
      state: 'running',
      message: message.id,
      tries: step.tries + 1,
      startedAt: step.startedAt || this.desk.now,
      dueAt: 0n,
    });
    if (spec.timeoutMs !== undefined) {
      remember(this.desk, this.desk.now + BigInt(spec.timeoutMs) * 1000n, 'step-timeout', step.id, message.id);
    }
    post(this.desk, message, [taker]);
    this.tell('step_ready', { step: step.name, agent: step.agentName || `@${spec.capability}` });
  }

  /** Ends the workflow before its steps have: what is not done is called off. */
  stop(status: Extract<WorkflowStatus, 'failed' | 'cancelled'>, reason: string): void {
    for (const step of this.steps()) if (step.endedAt === 0n) this.callOff(step, reason);
    Object.assign(this.state, { status: 'compensating', outcome: status, reason });
    if (!undoNext(this)) this.#over(status, reason);
  }

  /** Ends a step that is needed no more; whoever works on it is told. */
  callOff(step: Step, reason: string): void {
    takeBack(this.desk, step, reason);
    if (step.children > 0) callOffChildren(this, step, reason);
    const message = step.state === 'running' ? this.desk.ctx.db.message.id.find(step.message) : undefined;
    if (message) cancelMessage(this.desk, message, reason);
    const isNested = step.state === 'running' && this.specOf(step).workflow !== undefined;
    this.#end(step, 'cancelled', { approval: '' });
    if (isNested) stopNested(this, step, reason);
  }

  tell(type: SystemEventType, about: Readonly<Record<string, unknown>>): void {
    const { id, type: workflowType } = this.state;
    appendSystemEvent(this.desk, type, { workflow_id: id, workflow_type: workflowType, ...about });
  }

  #end(step: Step, state: StepState, fields: Partial<Pick<Step, 'output' | 'error' | 'approval'>>): void {
    this.state.ended++;
    this.change(step, { ...fields, state, endedAt: this.desk.now, dueAt: 0n, order: this.state.ended });
    const about = { step: step.name, agent: step.agentName, state };
    if (state === 'succeeded') this.tell('step_completed', about);
    else if (state === 'failed' || state === 'timed_out') this.tell('step_failed', about);
  }

  /** Counts ends for those that wait for them. Each step ends once, so this ends after as many rounds as there are edges. */
  #spread(first: Step): void {
    const ended = [first];
    for (let step = ended.pop(); step && this.isLive; step = ended.pop()) {
      const spec = this.specOf(step);
      if (isBad(step) && spec.onFailure === 'fail') {
        this.stop(
          'failed',
          `step "${step.name}" ${step.state === 'failed' ? 'failed' : 'took too long'}: ${step.error}`,
        );
        return;
      }
      for (const position of step.dependents) {
        const dependent = this.step(position);
        if (dependent?.state !== 'pending') continue;
        this.change(dependent, { unmet: dependent.unmet - 1, met: dependent.met + (isMet(step, spec) ? 1 : 0) });
        if (this.#decide(dependent)) ended.push(dependent);
      }
    }
  }

  /** Gives a step out if it may begin, or ends it if it never can. Returns whether it has ended. */
  #decide(step: Step): boolean {
    const spec = this.specOf(step);
    if (step.met >= spec.need) {
      this.#callOffLosers(step);
      if (this.#isWanted(spec)) {
        this.assign(step);
        return false;
      }
    } else if (step.met + step.unmet >= spec.need) return false;
    this.#end(step, 'skipped', {});
    return true;
  }

  #isWanted({ when }: StepSpec): boolean {
    const looked = when && this.step(when.position);
    return !when || (looked !== undefined && holds(when, looked.state, looked.output));
  }

  /** A race is decided: whoever else was in it only for this is called off in the same commit. */
  #callOffLosers(winner: Step): void {
    if (winner.unmet === 0) return;
    for (const position of winner.dependencies) {
      const step = this.step(position);
      if (!step || step.endedAt > 0n) continue;
      const isWanted = step.dependents.some(each => {
        const dependent = this.step(each);
        return dependent !== winner && dependent?.state === 'pending';
      });
      if (!isWanted) this.callOff(step, `step "${winner.name}" needs it no more`);
    }
  }

  #conclude(): void {
    if (this.isLive && this.state.ended === this.state.total) this.#over('succeeded', '');
  }

  #over(status: Exclude<WorkflowStatus, 'running' | 'paused' | 'compensating'>, reason: string): void {
    Object.assign(this.state, { status, reason, endedAt: this.desk.now });
    keepEnded(this.desk, this.state.id);
    if (status === 'succeeded') this.tell('workflow_completion', {});
    else if (status === 'failed') this.tell('workflow_failed', { reason });
    else this.tell('workflow_cancelled', {});
    if (this.definition.parentStep > 0n) endNested(this);
  }
}

/** The workflows of a call, and those of them that what happens just now has to do with. */
interface Runs {
  readonly runs: Map<string, Run>;
  readonly touched: Set<Run>;
}

const runsOfDesks = new WeakMap<Desk, Runs>();

function onDesk(desk: Desk): Runs {
  let known = runsOfDesks.get(desk);
  if (!known) runsOfDesks.set(desk, (known = { runs: new Map<string, Run>(), touched: new Set<Run>() }));
  return known;
}

/** The delivery of a step has ended, well or not: so has the attempt. */
export function endStep(desk: Desk, message: Message, delivery: { readonly attempt: number }, answer: Answer): void {
  withStep(desk, message.step, (run, step) => {
    if (step.undo === 'running' && step.undoMessage === message.id) return undone(run, step, answer);
    if (step.state !== 'running' || step.message !== message.id) return;
    run.change(step, { attempt: delivery.attempt });
    run.attemptEnded(step, answer);
  });
}

/** The time of an assignment is over: it is taken back, and the step is tried again or ends. */
export function timeOutStep(desk: Desk, id: bigint, message: string): void {
  withStep(desk, id, (run, step) => {
    const assigned = desk.ctx.db.message.id.find(message);
    if (step.state !== 'running' || step.message !== message) return;
    const { timeoutMs, workflow } = run.specOf(step);
    const error = `it was not done within ${timeoutMs} ms`;
    if (assigned) cancelMessage(desk, assigned, error);
    // From here on what the nested one ends with says nothing about this step.
    run.change(step, { state: 'ready' });
    if (workflow) stopNested(run, step, error);
    run.attemptEnded(step, { status: 'error', error }, 'timed_out');
  });
}

/** The backoff of a step is over. */
export function retryStep(desk: Desk, id: bigint): void {
  withStep(desk, id, (run, step) => {
    if (step.state === 'ready' && step.dueAt > 0n && step.dueAt <= desk.now && run.isRunning) run.assign(step);
  });
}

/** The time of a whole workflow is over. */
export function endOverdue(desk: Desk, id: string): void {
  const run = Run.find(desk, id);
  if (!run?.isLive) return;
  run.stop('failed', 'its time was over');
  Run.saveAll(desk);
}

function withStep(desk: Desk, id: bigint, work: (run: Run, step: Step) => void): void {
  const row = desk.ctx.db.step.id.find(id);
  const run = row && Run.find(desk, row.workflow);
  if (!run || run.hasEnded) return;
  work(run, run.stepOf(row));
  Run.saveAll(desk);
}
