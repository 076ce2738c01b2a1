// A workflow on the unit: what one happening does to its steps, in the transaction that it happens in.
//
// I1  A step is first assigned when as many of its dependencies as it needs have ended well, and not before: in the very
//     transaction that ends the last of them.
// I2  A step has one assignment at a time; what comes from an earlier one says nothing about it.
// I3  A workflow has ended when all its steps have, and then nothing of it is assigned any more.
// I4  Ends are told to those who wait for them one after the other, in the order in which they came; each to its dependents in
//     the order of the definition.
// I5  A step, and a workflow, moves as `moves.ts` says and in no other way.

import type { SystemEventType, WorkflowStatus } from '../contract/words.ts';
import { appendSystemEvent } from '../event/append.ts';
import type { Answer } from '../message/answer.ts';
import { cancelMessage } from '../message/cancel.ts';
import { alertIfDeserted } from '../message/queue.ts';
import { post } from '../message/store.ts';
import type { Ctx } from '../schema.ts';
import { byteLength } from '../text.ts';
import { schedule } from '../time/schedule.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { assignment, takerOf } from './assignment.ts';
import type { StepSpec } from './check.ts';
import { undoNext } from './compensate.ts';
import { askApproval, takeBack } from './kinds/approval.ts';
import { beginEach, callOffChildren, childEnded } from './kinds/for-each.ts';
import { beginNested, endNested, runningNested, stopNested } from './kinds/nested.ts';
import { moveStep, moveWorkflow, type StepHappening, type WorkflowHappening } from './moves.ts';
import { keepEnded } from './retention.ts';
import { holds, retryMicros } from './rules.ts';
import { bytesOfStep, isBad, isMet, specOf, stateOf, type Step, stepAt } from './step.ts';

type State = NonNullable<ReturnType<Ctx['db']['workflowState']['id']['find']>>;
type Definition = NonNullable<ReturnType<Ctx['db']['workflow']['id']['find']>>;

/** What ends a step by itself. */
type Ending = Extract<StepHappening, 'succeed' | 'fail' | 'time-out'>;
type Row = Omit<Step, 'state'>;

/** A workflow on the unit: its rows are read once, changed in memory, and written by `save`. */
export class Run {
  readonly unit: UnitOfWork;
  readonly definition: Definition;
  readonly state: State;
  readonly #steps = new Map<number, Step>();
  readonly #changed = new Set<Step>();
  readonly #specs = new Map<Step, StepSpec>();
  readonly #touched: Set<Run>;
  #stored: State;
  /** Ends that nobody was told of yet. */
  #untold: Step[] = [];
  #isTelling = false;

  private constructor(unit: UnitOfWork, definition: Definition, state: State) {
    this.unit = unit;
    this.definition = definition;
    this.state = { ...state };
    this.#stored = state;
    this.#touched = onUnit(unit).touched;
    this.#touched.add(this);
  }

  /** The workflow with this id, if there is one: the same object throughout a call, since one may be a step of another. */
  static find(unit: UnitOfWork, id: string): Run | undefined {
    const { runs, touched } = onUnit(unit);
    const known = runs.get(id);
    if (known) {
      touched.add(known);
      return known;
    }
    const { db } = unit.ctx;
    const definition = db.workflow.id.find(id);
    const state = db.workflowState.id.find(id);
    if (!definition || !state) return undefined;
    const run = new Run(unit, definition, state);
    runs.set(id, run);
    return run;
  }

  /** Stores a new workflow. */
  static begin(unit: UnitOfWork, definition: Definition, state: State): Run {
    const { db } = unit.ctx;
    const run = new Run(unit, db.workflow.insert(definition), db.workflowState.insert(state));
    onUnit(unit).runs.set(state.id, run);
    return run;
  }

  /** Writes what was changed of the workflows that a happening has touched. The last step of every happening. */
  static saveAll(unit: UnitOfWork): void {
    const { touched } = onUnit(unit);
    for (const run of touched) run.#save();
    touched.clear();
  }

  /** Where it stands. */
  get status(): WorkflowStatus {
    return this.state.status as WorkflowStatus; // only `moveWorkflow` says where it stands
  }

  get isRunning(): boolean {
    return this.status === 'running';
  }

  get hasEnded(): boolean {
    return this.state.endedAt > 0n;
  }

  /** Whether steps may still begin: it has not ended, and is not being undone. */
  get isLive(): boolean {
    return this.status === 'running' || this.status === 'paused';
  }

  step(position: number): Step | undefined {
    return this.#steps.get(position) ?? this.#keep(stepAt(this.unit.ctx.db, this.state.id, position));
  }

  /** The step of a row that was found by its id: the one on the unit, if it is there already. */
  stepOf(row: Step): Step {
    return this.#steps.get(row.position) ?? this.#keep(row);
  }

  #keep<Found extends Step | undefined>(step: Found): Found {
    if (step) this.#steps.set(step.position, step);
    return step;
  }

  /** All steps and elements in order: as many points, 10,000 at most. */
  steps(): Step[] {
    return Array.from({ length: this.state.total }, (_, at) => this.step(at)).filter(step => step !== undefined);
  }

  specOf(step: Step): StepSpec {
    let spec = this.#specs.get(step);
    if (!spec) this.#specs.set(step, (spec = specOf(step)));
    return spec;
  }

  /** Adds a step to a workflow that runs. */
  add(row: Step): void {
    this.store(row);
    this.state.total++;
  }

  /** Stores a step that the total counts already. */
  store(row: Step): void {
    this.unit.addBytes(bytesOfStep(row));
    this.#keep(this.unit.ctx.db.step.insert(row));
  }

  /** Changes what is known of a step, but not where it stands. */
  change(step: Step, fields: Partial<Row>): void {
    if (fields.output !== undefined) this.unit.addBytes(byteLength(fields.output) - byteLength(step.output));
    Object.assign(step, fields);
    this.#changed.add(step);
    this.#touched.add(this);
  }

  /** Moves a step. Returns false where the happening comes too late for it: then nothing is changed. */
  go(step: Step, happening: StepHappening, fields: Partial<Row> = {}): boolean {
    const to = moveStep(stateOf(step), happening);
    if (to === undefined) return false;
    step.state = to;
    this.change(step, fields);
    return true;
  }

  /** Moves the workflow; false where the happening comes too late for it. */
  goAll(happening: WorkflowHappening, fields: Partial<Omit<State, 'status'>> = {}): boolean {
    const to = moveWorkflow(this.status, happening);
    if (to === undefined) return false;
    Object.assign(this.state, fields, { status: to });
    this.#touched.add(this);
    return true;
  }

  #save(): void {
    const { db } = this.unit.ctx;
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
    this.#tellAfter(() => {
      // The children of a step are given out by it.
      for (const step of this.steps()) if (step.state === 'pending' && step.parent === 0) this.#decide(step);
    });
  }

  /** Assigns what became ready while the workflow was paused, and has the workflows go on that were paused with it. */
  resume(): void {
    if (!this.goAll('resume', { pausedWith: false })) return;
    this.tell('workflow_resumed', {});
    this.#tellAfter(() => {
      for (const step of this.steps()) {
        const isDue = step.state === 'ready' && step.dueAt <= this.unit.now && step.approval !== 'asked';
        if (isDue) this.assign(step);
      }
      for (const nested of runningNested(this)) {
        if (nested.status === 'paused' && nested.state.pausedWith) nested.resume();
      }
    });
  }

  /** Nothing more is given out, nor by the workflows that are steps of it. */
  pause(isWithOther = false): void {
    if (!this.goAll('pause', { pausedWith: isWithOther })) return;
    this.tell('workflow_paused', {});
    for (const nested of runningNested(this)) if (nested.isRunning) nested.pause(true);
  }

  /** An attempt at a step has ended: so has the step, unless it is to be tried again. */
  attemptEnded(step: Step, answer: Answer, badEnd: Exclude<Ending, 'succeed'> = 'fail'): void {
    if (answer.status !== 'error') return this.finish(step, 'succeed', { output: answer.data, error: '' });
    const { retries } = this.specOf(step);
    const isLast = !retries || answer.isPermanent === true || step.tries > retries.attempts;
    if (isLast) return this.finish(step, badEnd, { error: answer.error });
    const chance = retries.jitter > 0 ? this.unit.ctx.random() : 0;
    const dueAt = this.unit.now + retryMicros(retries, step.tries, chance);
    this.go(step, 'try-again', { error: answer.error, message: '', dueAt });
    schedule(this.unit, dueAt, 'step-retry', step.id);
  }

  /** A step ends by itself, and what that means to the others follows. */
  finish(step: Step, happening: Ending, fields: Partial<Pick<Step, 'output' | 'error'>>): void {
    this.#tellAfter(() => this.#end(step, happening, fields));
  }

  /** Somebody has agreed to a step: it is given out, or, if it was only to be agreed to, done. */
  approved(step: Step, output: string): void {
    this.go(step, 'approve', { approval: 'approved', message: '', dueAt: 0n });
    const { capability, workflow } = this.specOf(step);
    const isOnlyThat = step.agentName === '' && capability === undefined && workflow === undefined;
    if (isOnlyThat) this.finish(step, 'succeed', { output });
    else this.assign(step);
  }

  /** Assigns a step to its agent, or to whoever is able; or has it wait until it may be. */
  assign(step: Step): void {
    const spec = this.specOf(step);
    if (!this.isRunning) {
      this.go(step, 'hold');
      return;
    }
    if (spec.approval && step.approval === '') return askApproval(this, step);
    if (spec.forEach) return beginEach(this, step);
    if (spec.workflow) return beginNested(this, step);
    const taker = takerOf(this.unit, step, spec);
    if (!taker) return this.finish(step, 'fail', { error: `agent "${step.agentName}" is gone` });
    const message = assignment(this, step, taker);
    if (!this.begun(step, message.id)) return;
    post(this.unit, message, [taker]);
    alertIfDeserted(this.unit, taker);
    this.tell('step_ready', { step: step.name, agent: step.agentName || `@${spec.capability}` });
  }

  /** A step is under way: by a message, or by another workflow. False where it is already. */
  begun(step: Step, by: string): boolean {
    const { timeoutMs, forEach } = this.specOf(step);
    const startedAt = step.startedAt || this.unit.now;
    if (!this.go(step, 'assign', { message: by, tries: step.tries + 1, startedAt, dueAt: 0n })) return false;
    if (timeoutMs !== undefined && !forEach) {
      schedule(this.unit, this.unit.now + BigInt(timeoutMs) * 1000n, 'step-timeout', step.id, by);
    }
    return true;
  }

  /** Ends the workflow before its steps have: what is not done is called off, and what was done is undone. */
  stop(happening: Extract<WorkflowHappening, 'fail' | 'cancel'>, reason: string): void {
    const outcome: WorkflowStatus = happening === 'fail' ? 'failed' : 'cancelled';
    for (const step of this.steps()) if (step.endedAt === 0n) this.callOff(step, reason);
    this.#untold = [];
    this.goAll(happening, { outcome, reason });
    this.undoOn();
  }

  /** Undoes what is next, or ends the workflow where nothing is left to undo. */
  undoOn(): void {
    if (undoNext(this)) return;
    const isCancelled = this.state.outcome === 'cancelled';
    this.#over(isCancelled ? 'undone-cancelled' : 'undone-failed');
  }

  /** Ends a step that is needed no more; whoever works on it is told. */
  callOff(step: Step, reason: string): void {
    takeBack(this.unit, step, reason);
    if (step.children > 0) callOffChildren(this, step, reason);
    const isRunning = step.state === 'running';
    const message = isRunning ? this.unit.ctx.db.message.id.find(step.message) : undefined;
    if (message) cancelMessage(this.unit, message, reason);
    this.#end(step, 'call-off', { error: reason });
    if (isRunning && this.specOf(step).workflow) stopNested(this, step, reason);
  }

  tell(type: SystemEventType, about: Readonly<Record<string, unknown>>): void {
    const { id, type: workflowType } = this.state;
    appendSystemEvent(this.unit, type, { workflow_id: id, workflow_type: workflowType, ...about });
  }

  #end(step: Step, happening: Ending | 'skip' | 'call-off', fields: Partial<Pick<Step, 'output' | 'error'>>): void {
    const { ended } = this.state;
    // Nobody is asked to agree to it any more.
    const approval = step.approval === 'asked' ? '' : step.approval;
    const last = { approval, endedAt: this.unit.now, dueAt: 0n, order: ended + 1 };
    if (!this.go(step, happening, { ...fields, ...last })) return;
    this.state.ended++;
    const about = { step: step.name, agent: step.agentName, state: step.state };
    if (step.state === 'succeeded') this.tell('step_completed', about);
    else if (isBad(step)) this.tell('step_failed', about);
    // What was called off, nobody waits for.
    if (happening !== 'call-off') this.#untold.push(step);
  }

  /** Does something, and tells the ends that it brought, and those that these bring, to those who wait for them. */
  #tellAfter(work: () => void): void {
    if (this.#isTelling) return work();
    this.#isTelling = true;
    work();
    // Each step ends once, so this comes to an end.
    for (let step = this.#untold.shift(); step; step = this.#untold.shift()) this.#tellEnd(step);
    this.#isTelling = false;
    if (this.isLive && this.state.ended === this.state.total) this.#over('finish');
  }

  /** Counts an end for those that wait for it. */
  #tellEnd(step: Step): void {
    if (step.parent > 0) return childEnded(this, step);
    const spec = this.specOf(step);
    if (isBad(step) && spec.onFailure === 'fail') {
      const how = step.state === 'failed' ? 'failed' : 'took too long';
      return this.stop('fail', `step "${step.name}" ${how}: ${step.error}`);
    }
    for (const position of step.dependents) {
      const dependent = this.step(position);
      if (dependent?.state !== 'pending') continue;
      this.change(dependent, { unmet: dependent.unmet - 1, met: dependent.met + (isMet(step, spec) ? 1 : 0) });
      this.#decide(dependent);
    }
  }

  /** Gives a step out if it may begin, or ends it if it never can. */
  #decide(step: Step): void {
    const spec = this.specOf(step);
    if (step.met >= spec.need) {
      if (step.unmet > 0) this.#callOffLosers(step, step);
      if (this.#isWanted(spec)) return this.assign(step);
      return this.#end(step, 'skip', { error: 'its condition does not hold' });
    }
    if (step.met + step.unmet >= spec.need) return;
    this.#end(step, 'skip', { error: 'too few of the steps it depends on ended well' });
  }

  #isWanted({ when }: StepSpec): boolean {
    const looked = when && this.step(when.position);
    return !when || (looked !== undefined && holds(when, looked.state, looked.output));
  }

  /** A race is decided: whoever else was in it only for this is called off in the same commit, and whoever worked for those. */
  #callOffLosers(winner: Step, loser: Step): void {
    for (const position of loser.dependencies) {
      const step = this.step(position);
      if (!step || step.endedAt > 0n) continue;
      const isWanted = step.dependents.some(each => {
        const dependent = this.step(each);
        return dependent !== winner && dependent?.state === 'pending';
      });
      if (isWanted) continue;
      this.callOff(step, `step "${winner.name}" needs it no more`);
      this.#callOffLosers(winner, step);
    }
  }

  #over(happening: Extract<WorkflowHappening, 'finish' | 'undone-failed' | 'undone-cancelled'>): void {
    if (!this.goAll(happening, { endedAt: this.unit.now })) return;
    const { id, status, reason } = this.state;
    keepEnded(this.unit, id);
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

const runsOfUnits = new WeakMap<UnitOfWork, Runs>();

function onUnit(unit: UnitOfWork): Runs {
  let known = runsOfUnits.get(unit);
  if (!known) runsOfUnits.set(unit, (known = { runs: new Map<string, Run>(), touched: new Set<Run>() }));
  return known;
}
