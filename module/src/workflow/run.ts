// A workflow in the unit of work: rows are read once, changed in memory, and written by `saveAll`. This file makes single moves;
// `progress.ts` decides what follows from them, and keeps I1, I3 and I4.
//
// I2  A step has one assignment at a time; results of an earlier assignment are ignored.
// I5  Steps and workflows move only as the tables in `moves.ts` allow.

import type { SystemEventType, UndoState, WorkflowStatus } from '../contract/words.ts';
import { appendSystemEvent } from '../event/append.ts';
import { toMicros } from '../micros.ts';
import type { Ctx } from '../schema.ts';
import { byteLength } from '../text.ts';
import { schedule } from '../time/schedule.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import type { StepSpec } from './check.ts';
import { stepAfter, type StepTrigger, workflowAfter, type WorkflowTrigger } from './moves.ts';
import { bytesOfStep, isBad, specOf, stateOf, type Step, stepAt } from './step.ts';

type State = NonNullable<ReturnType<Ctx['db']['workflowState']['id']['find']>>;
type Definition = NonNullable<ReturnType<Ctx['db']['workflow']['id']['find']>>;

/** Columns of a step that change without a move. */
type StepFields = Omit<Step, 'state' | 'undo'> & { readonly undo: UndoState | '' };
/** Columns that the end of a step sets. */
export type EndFields = Partial<Pick<Step, 'output' | 'error'>>;
/** Triggers of an attempt that ends its step. */
export type AttemptEnd = Extract<StepTrigger, 'succeed' | 'fail' | 'time-out'>;

/** A workflow in the unit of work. */
export class Run {
  readonly unit: UnitOfWork;
  readonly definition: Definition;
  readonly state: State;
  /** Propagation queue (I4): ended steps whose dependents have not been updated, in the order of their ends. */
  readonly propagation: Step[] = [];
  /** True while `progress.ts` empties the queue. */
  isPropagating = false;
  readonly #steps = new Map<number, Step>();
  readonly #changed = new Set<Step>();
  readonly #specs = new Map<Step, StepSpec>();
  readonly #touched: Set<Run>;
  #stored: State;

  private constructor(unit: UnitOfWork, definition: Definition, state: State) {
    this.unit = unit;
    this.definition = definition;
    this.state = { ...state };
    this.#stored = state;
    this.#touched = runsOf(unit).touched;
    this.#touched.add(this);
  }

  /** The workflow with this id. A call always gets the same object, since one workflow may be a step of another. */
  static find(unit: UnitOfWork, id: string): Run | undefined {
    const { byId, touched } = runsOf(unit);
    const known = byId.get(id);
    if (known) {
      touched.add(known);
      return known;
    }
    const { db } = unit.ctx;
    const definition = db.workflow.id.find(id);
    const state = db.workflowState.id.find(id);
    if (!definition || !state) return undefined;
    const run = new Run(unit, definition, state);
    byId.set(id, run);
    return run;
  }

  /** Stores a new workflow. */
  static create(unit: UnitOfWork, definition: Definition, state: State): Run {
    const { db } = unit.ctx;
    const run = new Run(unit, db.workflow.insert(definition), db.workflowState.insert(state));
    runsOf(unit).byId.set(state.id, run);
    return run;
  }

  /** Writes the changed rows of all workflows that a trigger has touched. The last step of every trigger. */
  static saveAll(unit: UnitOfWork): void {
    const { touched } = runsOf(unit);
    for (const run of touched) run.#save();
    touched.clear();
  }

  get status(): WorkflowStatus {
    return this.state.status as WorkflowStatus; // only `moveWorkflow` sets it
  }

  get isRunning(): boolean {
    return this.status === 'running';
  }

  get hasEnded(): boolean {
    return this.state.endedAt > 0n;
  }

  /** Returns true if steps may still begin: the workflow has not ended and is not being undone. */
  get isLive(): boolean {
    return this.status === 'running' || this.status === 'paused';
  }

  step(position: number): Step | undefined {
    return this.#steps.get(position) ?? this.#keep(stepAt(this.unit.ctx.db, this.state.id, position));
  }

  /** The step of a row that was found by its id; the cached one, if there is one. */
  stepOf(row: Step): Step {
    return this.#steps.get(row.position) ?? this.#keep(row);
  }

  #keep<Found extends Step | undefined>(step: Found): Found {
    if (step) this.#steps.set(step.position, step);
    return step;
  }

  /** All steps and elements in order: one look-up each, at most 10,000. */
  steps(): Step[] {
    return Array.from({ length: this.state.total }, (_, at) => this.step(at)).filter(step => step !== undefined);
  }

  specOf(step: Step): StepSpec {
    let spec = this.#specs.get(step);
    if (!spec) this.#specs.set(step, (spec = specOf(step)));
    return spec;
  }

  /** Adds a step to a running workflow. */
  add(row: Step): void {
    this.store(row);
    this.state.total++;
  }

  /** Stores a step that `total` already counts. */
  store(row: Step): void {
    this.unit.addBytes(bytesOfStep(row));
    this.#keep(this.unit.ctx.db.step.insert(row));
  }

  /** Changes columns of a step, but not its state. */
  change(step: Step, fields: Partial<StepFields>): void {
    if (fields.output !== undefined) this.unit.addBytes(byteLength(fields.output) - byteLength(step.output));
    Object.assign(step, fields);
    this.#changed.add(step);
    this.#touched.add(this);
  }

  /** Moves a step. Returns false, and changes nothing, if its state ignores the trigger. */
  moveStep(step: Step, trigger: StepTrigger, fields: Partial<StepFields> = {}): boolean {
    const to = stepAfter(stateOf(step), trigger);
    if (to === undefined) return false;
    step.state = to;
    this.change(step, fields);
    return true;
  }

  /** Moves the workflow. Returns false, and changes nothing, if its status ignores the trigger. */
  moveWorkflow(trigger: WorkflowTrigger, fields: Partial<Omit<State, 'status'>> = {}): boolean {
    const to = workflowAfter(this.status, trigger);
    if (to === undefined) return false;
    Object.assign(this.state, fields, { status: to });
    this.#touched.add(this);
    return true;
  }

  /** Starts an attempt at a step, by a message or a nested workflow with id `by`. Returns false if the step is under way. */
  startAttempt(step: Step, by: string): boolean {
    const { timeoutMs, forEach } = this.specOf(step);
    const startedAt = step.startedAt || this.unit.now;
    if (!this.moveStep(step, 'assign', { message: by, tries: step.tries + 1, startedAt, dueAt: 0n })) return false;
    if (timeoutMs !== undefined && !forEach) {
      schedule(this.unit, this.unit.now + toMicros(timeoutMs), 'step-timeout', step.id, by);
    }
    return true;
  }

  /** Ends a step and publishes its event. Its dependents are updated later, from the propagation queue. */
  endStep(step: Step, trigger: AttemptEnd | 'skip' | 'cancel', fields: EndFields): void {
    const approval = step.approval === 'asked' ? '' : step.approval;
    const order = this.state.ended + 1;
    if (!this.moveStep(step, trigger, { ...fields, approval, endedAt: this.unit.now, dueAt: 0n, order })) return;
    this.state.ended++;
    const about = { step: step.name, agent: step.agentName, state: step.state };
    if (step.state === 'succeeded') this.publish('step_completed', about);
    else if (isBad(step)) this.publish('step_failed', about);
    // No step waits for a cancelled one: only the losers of a race and steps of an ended workflow are cancelled.
    if (trigger !== 'cancel') this.propagation.push(step);
  }

  /** Publishes an event about the workflow. */
  publish(type: SystemEventType, data: Readonly<Record<string, unknown>>): void {
    const { id, type: workflowType } = this.state;
    appendSystemEvent(this.unit, type, { workflow_id: id, workflow_type: workflowType, ...data });
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
}

/** Workflows of a call. */
interface Runs {
  readonly byId: Map<string, Run>;
  /** Those that the current trigger has touched. */
  readonly touched: Set<Run>;
}

const runsByUnit = new WeakMap<UnitOfWork, Runs>();

function runsOf(unit: UnitOfWork): Runs {
  let runs = runsByUnit.get(unit);
  if (!runs) runsByUnit.set(unit, (runs = { byId: new Map<string, Run>(), touched: new Set<Run>() }));
  return runs;
}
