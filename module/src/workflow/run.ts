// A workflow in the unit of work: rows are read once, changed in memory, and written by `saveAll`. This file makes single moves;
// `progress.ts` decides what follows from them, and keeps I1, I3 and I4. No function reads all steps: a workflow has up to
// 10,000 steps and elements, so passes over them are jobs (`job.ts`).
//
// I2  A step has one assignment at a time; results of an earlier assignment are ignored.
// I5  Steps and workflows move only as the tables in `moves.ts` allow.

import { LIMITS } from '../contract/limits.ts';
import type { SystemEventType, UndoState, WorkflowStatus } from '../contract/words.ts';
import { appendSystemEvent } from '../event/append.ts';
import { toMicros } from '../micros.ts';
import type { Ctx } from '../schema.ts';
import { byteLength, parseJson } from '../text.ts';
import { schedule, type Timer } from '../time/schedule.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import type { StepSpec } from './check.ts';
import { type Job, readJobs, writeJobs } from './job.ts';
import { stepAfter, type StepTrigger, workflowAfter, type WorkflowTrigger } from './moves.ts';
import {
  bytesOfOutput,
  bytesOfStep,
  elementSpec,
  isBad,
  outputOf,
  specOf,
  stateOf,
  type Step,
  stepAt,
} from './step.ts';

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
  /** Work that is left; performed from the front, and continued by a timer if a call does not finish it. */
  readonly jobs: Job[];
  /** Positions of steps that limits hold. */
  readonly held: number[];
  /** True while `progress.ts` performs the jobs. */
  isPropagating = false;
  readonly #steps = new Map<number, Step>();
  readonly #changed = new Set<Step>();
  readonly #specs = new Map<Step, StepSpec>();
  /** Steps that have ended in this call, by rank: their rows are written by `saveAll`. */
  readonly #ends = new Map<number, Step>();
  readonly #outputs = new Map<Step, string>();
  readonly #values = new Map<Step, unknown>();
  readonly #touched: Set<Run>;
  #stored: State;

  private constructor(unit: UnitOfWork, definition: Definition, state: State) {
    this.unit = unit;
    this.definition = definition;
    this.state = { ...state };
    this.#stored = state;
    this.jobs = readJobs(state.jobs);
    this.held = state.held === '' ? [] : (JSON.parse(state.held) as number[]); // only `#save` writes it
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

  /** The step of a row that was found by another key; the cached one, if there is one. */
  stepOf(row: Step): Step {
    return this.#steps.get(row.position) ?? this.#keep(row);
  }

  /** The step or element with a name. */
  named(name: string): Step | undefined {
    // A full key: names are unique within a workflow.
    for (const row of this.unit.ctx.db.step.byName.filter([this.state.id, name])) return this.stepOf(row);
    return undefined;
  }

  /** The step whose end has a rank. */
  endedAs(order: number): Step | undefined {
    const known = this.#ends.get(order);
    if (known?.order === order) return known;
    this.unit.spend(1);
    for (const row of this.unit.ctx.db.step.byOrder.filter([this.state.id, order]))
      return this.#stillAt(this.stepOf(row), order); // a full key
    return undefined;
  }

  #stillAt(step: Step, order: number): Step | undefined {
    return step.order === order ? step : undefined;
  }

  #keep<Found extends Step | undefined>(step: Found): Found {
    this.unit.spend(1);
    if (step) this.#steps.set(step.position, step);
    return step;
  }

  /** The steps of the definition in order, without elements: at most a thousand look-ups. */
  *planned(): Generator<Step> {
    // Elements are added after all steps.
    for (let at = 0; ; at++) {
      const step = this.step(at);
      if (!step || step.parent > 0) return;
      yield step;
    }
  }

  specOf(step: Step): StepSpec {
    let spec = this.#specs.get(step);
    if (!spec) {
      const parent = step.parent > 0 ? this.step(step.parent - 1) : undefined;
      spec = parent ? elementSpec(this.specOf(parent)) : specOf(this.unit.ctx.db, step);
      this.#specs.set(step, spec);
    }
    return spec;
  }

  /** The output of a step as JSON text, or empty. */
  outputOf(step: Step): string {
    if (step.outputBytes === 0) return step.output;
    let output = this.#outputs.get(step);
    if (output === undefined) {
      this.#outputs.set(step, (output = outputOf(this.unit.ctx.db, step)));
      this.unit.spend(rowsOf(output.length));
    }
    return output;
  }

  /** The output of a step as a value; parsed once a call, since many dependents may read it. */
  valueOf(step: Step): unknown {
    if (!this.#values.has(step)) this.#values.set(step, parseJson(this.outputOf(step))?.value);
    return this.#values.get(step);
  }

  /** Adds a step to a running workflow. */
  add(row: Step): void {
    this.store(row);
    this.state.total++;
  }

  /** Stores a step that `total` already counts. */
  store(row: Step): void {
    this.#charge(bytesOfStep(row));
    this.unit.spend(1 + rowsOf(row.element.length));
    this.#keep(this.unit.ctx.db.step.insert(row));
  }

  /** Changes columns of a step, but not its state. */
  change(step: Step, fields: Partial<StepFields>): void {
    const { output, ...rest } = fields;
    if (output !== undefined) this.#setOutput(step, output);
    if (rest.error !== undefined) this.#charge(byteLength(rest.error) - byteLength(step.error));
    Object.assign(step, rest);
    if (rest.order !== undefined) this.#ends.set(rest.order, step);
    if (!this.#changed.has(step)) this.unit.spend(1);
    this.#changed.add(step);
    this.touch();
  }

  /** Charges the initiator for stored bytes. */
  #charge(bytes: number): void {
    this.unit.addBytes(this.definition.initiator, bytes);
  }

  #setOutput(step: Step, output: string): void {
    const before = bytesOfOutput(step);
    const { stepOutput } = this.unit.ctx.db;
    const isLong = output.length > LIMITS.inlineBytes;
    const wasLong = step.outputBytes > 0;
    const row = { step: step.id, output };
    if (isLong && wasLong) stepOutput.step.update(row);
    else if (isLong) stepOutput.insert(row);
    else if (wasLong) stepOutput.step.delete(step.id);
    step.output = isLong ? '' : output;
    step.outputBytes = isLong ? byteLength(output) : 0;
    this.#outputs.delete(step);
    this.#values.delete(step);
    this.#charge(bytesOfOutput(step) - before);
    this.unit.spend(rowsOf(output.length));
  }

  /** Marks the workflow as changed: `saveAll` writes it. */
  touch(): void {
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
    this.touch();
    return true;
  }

  /** Starts an attempt at a step, by a message or a nested workflow with id `by`. Returns false if the step is under way. */
  startAttempt(step: Step, by: string): boolean {
    const { timeoutMs, forEach } = this.specOf(step);
    const startedAt = step.startedAt || this.unit.now;
    if (!this.moveStep(step, 'assign', { message: by, tries: step.tries + 1, startedAt, dueAt: 0n })) return false;
    if (timeoutMs !== undefined && !forEach) {
      this.schedule(this.unit.now + toMicros(timeoutMs), 'step-timeout', step.id, by);
    }
    return true;
  }

  /** Ends a step and publishes its event. Its dependents are updated later, from the propagation queue. */
  endStep(step: Step, trigger: AttemptEnd | 'skip' | 'cancel', fields: EndFields): void {
    const approval = step.approval === 'asked' ? '' : step.approval;
    const order = this.state.ends + 1;
    if (!this.moveStep(step, trigger, { ...fields, approval, endedAt: this.unit.now, dueAt: 0n, order })) return;
    this.state.ended++;
    this.state.ends = order;
    const about = { step: step.name, agent: step.agentName, state: step.state };
    if (step.state === 'succeeded') this.publish('step_completed', about);
    else if (isBad(step)) this.publish('step_failed', about);
    // No step waits for a cancelled one: only the losers of a race and steps of an ended workflow are cancelled.
    if (trigger !== 'cancel' && this.isLive) this.jobs.push({ do: 'update', step: step.position, at: 0 });
    // An end may make room for a step that limits hold.
    if (this.held.length > 0 && this.isRunning) this.tryHeld();
  }

  /** Keeps a step ready until there is room for its task within the limits. */
  hold(step: Step): void {
    if (stateOf(step) !== 'ready') this.moveStep(step, 'hold');
    if (!this.held.includes(step.position)) this.held.push(step.position);
    this.touch();
    if (this.state.heldUntil > this.unit.now) return;
    const wait = Math.min(MAX_HELD_MS, MIN_HELD_MS * 2 ** this.state.heldTries);
    this.state.heldUntil = this.unit.now + BigInt(wait) * 1000n;
    this.schedule(this.state.heldUntil, 'workflow-held', 0n, this.state.id);
  }

  /** Queues another try of the steps that limits hold. */
  tryHeld(): void {
    if (!this.jobs.some(job => job.do === 'held')) this.jobs.push({ do: 'held', left: this.held.length, misses: 0 });
  }

  /** Schedules the call that continues the jobs. A timer that is long overdue was lost. */
  continueLater(): void {
    const { state, unit } = this;
    this.touch();
    if (state.continueAt !== 0n && state.continueAt + LOST_AFTER_MICROS > unit.now) return;
    state.continueAt = unit.now;
    this.schedule(unit.now, 'workflow-jobs', 0n, state.id);
  }

  /** Schedules a timer of the workflow, and charges its initiator. */
  schedule(at: bigint, kind: Timer, ref: bigint, text = ''): void {
    schedule(this.unit, at, kind, ref, text, this.definition.initiator);
  }

  /** Publishes an event about the workflow. */
  publish(type: SystemEventType, data: Readonly<Record<string, unknown>>): void {
    const { id, type: workflowType } = this.state;
    appendSystemEvent(this.unit, this.definition.initiator, type, {
      workflow_id: id,
      workflow_type: workflowType,
      ...data,
    });
  }

  #save(): void {
    const { db } = this.unit.ctx;
    this.state.jobs = writeJobs(this.jobs);
    this.state.held = this.held.length === 0 ? '' : JSON.stringify(this.held);
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

/** The rows that count as much work as a text of so many characters. */
function rowsOf(length: number): number {
  return Math.ceil(length / 1024);
}

/** Time between tries of held steps: doubled after each that begins none. */
const MIN_HELD_MS = 1_000;
const MAX_HELD_MS = 60_000;
/** Longer than a failing timer is tried. */
const LOST_AFTER_MICROS = 600_000_000n;

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
