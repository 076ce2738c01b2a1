// The rules of workflows in their plainest words: what a step waits for is looked up anew each time, and nothing is counted.

/** What a step returns. */
export type Output = unknown;

/** A step as it is asked for; positions in place of names. */
export interface ModelSpec {
  readonly agent?: string;
  readonly capability?: string;
  /** The steps of the workflow that this step is. */
  readonly nested?: readonly ModelSpec[];
  readonly waitsFor: readonly number[];
  readonly need: number;
  readonly onFailure: 'fail' | 'skip' | 'continue';
  /** The first backoff; it doubles, up to a minute. */
  readonly retries?: { readonly attempts: number; readonly backoffMs: number } | undefined;
  readonly timeoutMs?: number | undefined;
  readonly when?: { readonly at: number; readonly status?: string; readonly equals?: number } | undefined;
  readonly approval?:
    { readonly by: string; readonly timeoutMs?: number | undefined; readonly next?: string | undefined } | undefined;
  /** By whoever did the step, unless somebody is named. */
  readonly undo?: { readonly agent?: string | undefined; readonly timeoutMs?: number | undefined } | undefined;
  readonly forEach?: { readonly at: number; readonly concurrency?: number | undefined } | undefined;
}

/** A step and how far it is. */
export interface ModelStep {
  readonly spec: ModelSpec;
  readonly flow: Flow;
  readonly name: string;
  state: string;
  tries: number;
  /** When it is tried again, in microseconds, or 0. */
  dueAt: bigint;
  output: Output;
  /** Which assignment, or question, this is; a moment is of one only. */
  token: number;
  /** What it was given: the output of each step it depends on that had ended. */
  given: Map<string, Output>;
  approval: '' | 'asked' | 'approved';
  approver: string;
  undo: '' | 'running' | 'done' | 'failed';
  /** Its attempts, if it is a workflow, and the one that is under way. */
  readonly nests: Flow[];
  nest: Flow | undefined;
  children: ModelStep[];
  readonly parent: ModelStep | undefined;
}

interface Timer {
  readonly kind: string;
  readonly slot: bigint;
  readonly flow: Flow;
  readonly step: ModelStep | undefined;
  readonly token: number;
}

const ENDS = ['succeeded', 'failed', 'skipped', 'timed_out', 'cancelled'];
const SLOT = 250_000n;
const MOST_BACKOFF_MS = 60_000;

/** What all workflows have in common: the time, and who is gone. */
export class World {
  now: bigint;
  readonly gone = new Set<string>();
  #timers: Timer[] = [];
  #tokens = 0;

  constructor(now: bigint) {
    this.now = now;
  }
  nextToken(): number {
    return ++this.#tokens;
  }
  remember(kind: string, ms: number, flow: Flow, step?: ModelStep): void {
    const slot = (this.now + BigInt(ms) * 1000n) / SLOT + 1n;
    this.#timers.push({ kind, slot, flow, step, token: step?.token ?? 0 });
  }
  /** The next of the timers of this slot; false if it is not of this kind. */
  ring(slot: bigint, kind: string): boolean {
    const timer = this.#timers.find(each => each.slot === slot);
    if (timer?.kind !== kind) return false;
    this.#timers = this.#timers.filter(each => each !== timer);
    if (timer.step) timer.flow.rung(kind, timer.step, timer.token);
    else if (timer.flow.isLive) timer.flow.stop('failed');
    return true;
  }
}

/** One workflow, recomputed after each happening. */
export class Flow {
  status = 'running';
  outcome = '';
  readonly steps: ModelStep[];
  readonly parent: ModelStep | undefined;
  readonly #world: World;
  #isPausedWithOther = false;
  /** Steps in the order in which they ended, and those of them that the others were told of. */
  #ends: ModelStep[] = [];
  #told = new Set<ModelStep>();
  #untold: ModelStep[] = [];
  #isTelling = false;

  constructor(world: World, specs: readonly ModelSpec[], deadlineMs?: number, parent?: ModelStep) {
    this.#world = world;
    this.parent = parent;
    this.steps = specs.map((spec, at) => this.#fresh(spec, `s${at}`));
    if (deadlineMs !== undefined) world.remember('workflow-deadline', deadlineMs, this);
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
  /** This one and all that are steps of it, or were. */
  all(): Flow[] {
    return [this, ...this.steps.flatMap(step => step.nests.flatMap(nest => nest.all()))];
  }
  /** Which it was to end, from 1 on; 0 if it has not. */
  placeOf(step: ModelStep): number {
    return this.#ends.indexOf(step) + 1;
  }
  /** How many of those it waits for have ended well. */
  met({ spec }: ModelStep): number {
    return spec.waitsFor.filter(at => isMet(this.#at(at))).length;
  }

  release(): void {
    this.#tellAfter(() => {
      for (const step of this.steps) if (step.state === 'pending' && !step.parent) this.#decide(step);
    });
  }
  answered(step: ModelStep, output: Output): void {
    step.output = output;
    this.#finish(step, 'succeeded');
  }
  /** An attempt has failed. */
  failed(step: ModelStep, isForGood: boolean, state = 'failed'): void {
    const { retries } = step.spec;
    if (!retries || isForGood || step.tries > retries.attempts) return this.#finish(step, state);
    const backoff = Math.min(retries.backoffMs * 2 ** (step.tries - 1), MOST_BACKOFF_MS);
    Object.assign(step, { state: 'ready', nest: undefined, dueAt: this.#world.now + BigInt(backoff) * 1000n });
    this.#world.remember('step-retry', backoff, this, step);
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
    this.#undoOn();
  }
  /** A moment has come that a step waited for. */
  rung(kind: string, step: ModelStep, token: number): void {
    if (this.isOver) return;
    const isIts = step.token === token;
    if (kind === 'step-retry') {
      const isDue = step.state === 'ready' && step.dueAt > 0n && step.dueAt <= this.#world.now;
      if (isDue && this.status === 'running') this.#start(step);
    } else if (kind === 'step-timeout' && step.undo === 'running') {
      if (isIts) this.undone(step, false);
    } else if (kind === 'step-timeout') {
      if (step.state !== 'running' || !isIts) return;
      const { nest } = step;
      step.nest = undefined;
      if (nest?.isLive) nest.stop('cancelled');
      this.failed(step, false, 'timed_out');
    } else if (step.approval === 'asked' && isIts && (kind === 'approval' || this.#isGone(step.approver))) {
      const { next } = step.spec.approval ?? {};
      if (next === undefined || this.#isGone(next) || next === step.approver) this.#finish(step, 'failed');
      else this.#ask(step, [next]);
    }
  }
  /** The question is given up: in a moment somebody looks whether its approver is. */
  questionDied(step: ModelStep): void {
    this.#world.remember('approver', 0, this, step);
  }

  pause(isWithOther = false): void {
    if (this.status === 'paused') this.#isPausedWithOther = false;
    if (this.status !== 'running') return;
    this.status = 'paused';
    this.#isPausedWithOther = isWithOther;
    for (const { state, nest } of this.steps) if (state === 'running' && nest?.status === 'running') nest.pause(true);
  }
  resume(): void {
    if (this.status === 'running') return;
    this.status = 'running';
    this.#tellAfter(() => {
      for (const step of this.steps) {
        if (step.state === 'ready' && step.dueAt <= this.#world.now && step.approval !== 'asked') this.#start(step);
      }
      for (const { state, nest } of this.steps) {
        if (state === 'running' && nest?.status === 'paused' && nest.#isPausedWithOther) nest.resume();
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
    const renewed = { state: 'pending', tries: 0, dueAt: 0n, output: null, approval: '', nest: undefined };
    for (const step of again) {
      Object.assign(step, renewed);
      for (const other of this.#dependents(step)) if (other.state === 'ready') Object.assign(other, renewed);
    }
    this.#ends = this.#ends.filter(step => !again.has(step));
    if (!this.isLive) this.status = 'running';
    this.outcome = '';
    this.#told = new Set(this.#ends);
    this.release();
  }
  /** Ends it: what is not done is called off, what was done is undone. */
  stop(outcome: 'failed' | 'cancelled'): void {
    for (const step of this.steps) if (!hasEnded(step)) this.#callOff(step);
    this.#untold = [];
    Object.assign(this, { status: 'compensating', outcome });
    this.#undoOn();
  }

  #fresh(spec: ModelSpec, name: string, parent?: ModelStep): ModelStep {
    const blank = { approval: '', approver: '', undo: '', nests: [], nest: undefined, children: [] } as const;
    const begun = { state: 'pending', tries: 0, dueAt: 0n, output: null, token: 0, given: new Map<string, Output>() };
    return { spec, flow: this, name, parent, ...begun, ...blank, nests: [], children: [] };
  }
  #at(at: number): ModelStep {
    const step = this.steps[at];
    if (!step) throw new Error(`no step ${at}`);
    return step;
  }
  #isGone(name: string): boolean {
    return this.#world.gone.has(name);
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
    else if (agent !== undefined && this.#isGone(agent)) this.#finish(step, 'failed');
    else {
      this.#begin(step);
      if (!nested) return;
      const nest = new Flow(this.#world, nested, undefined, step);
      step.nests.push(nest);
      step.nest = nest;
      nest.release();
    }
  }
  #begin(step: ModelStep): void {
    const { waitsFor, forEach, timeoutMs } = (step.parent ?? step).spec;
    const known = waitsFor.filter(at => at !== forEach?.at).map(at => this.#at(at));
    step.given = new Map(known.filter(hasEnded).map(each => [each.name, each.output]));
    Object.assign(step, { state: 'running', tries: step.tries + 1, dueAt: 0n, token: this.#world.nextToken() });
    const isWhole = step.spec.forEach !== undefined;
    if (timeoutMs !== undefined && !isWhole) this.#world.remember('step-timeout', timeoutMs, this, step);
  }
  #ask(step: ModelStep, whom: readonly (string | undefined)[]): void {
    const approver = whom.find(name => name !== undefined && !this.#isGone(name));
    if (approver === undefined) return this.#finish(step, 'failed');
    Object.assign(step, { state: 'ready', approval: 'asked', approver, token: this.#world.nextToken() });
    const within = step.spec.approval?.timeoutMs;
    if (within !== undefined) this.#world.remember('approval', within, this, step);
  }
  #startEach(step: ModelStep): void {
    const { forEach, approval: _, when: _when, undo: _undo, ...spec } = step.spec;
    if (step.children.length === 0) {
      const list = member(this.#at(forEach?.at ?? 0).output, 'list');
      if (!Array.isArray(list)) return this.#finish(step, 'failed');
      if (list.length === 0) return this.answered(step, []);
      step.children = list.map((_element, at) =>
        this.#fresh({ ...spec, waitsFor: [], need: 0 }, `${step.name}[${at}]`, step),
      );
      this.steps.push(...step.children);
    }
    this.#begin(step);
    this.#giveOut(step);
  }
  #giveOut(step: ModelStep): void {
    const most = step.spec.forEach?.concurrency ?? step.children.length;
    const isUnderWay = (child: ModelStep) => child.state !== 'pending' && !this.#told.has(child);
    while (step.children.filter(isUnderWay).length < most) {
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
    this.#tellAfter(() => this.#end(step, state));
  }
  #end(step: ModelStep, state: string): void {
    Object.assign(step, { state, dueAt: 0n });
    if (step.approval === 'asked') step.approval = '';
    this.#ends.push(step);
    if (state !== 'cancelled') this.#untold.push(step);
  }
  /** Ends are told one after the other, in the order in which they came. */
  #tellAfter(work: () => void): void {
    if (this.#isTelling) return work();
    this.#isTelling = true;
    work();
    for (let step = this.#untold.shift(); step; step = this.#untold.shift()) this.#tell(step);
    this.#isTelling = false;
    if (this.isLive && this.steps.every(hasEnded)) this.#over('succeeded');
  }
  #tell(step: ModelStep): void {
    this.#told.add(step);
    const { parent } = step;
    if (parent) {
      if (parent.state !== 'running') return;
      if (step.state === 'succeeded') return this.#giveOut(parent);
      for (const child of parent.children) if (!hasEnded(child)) this.#callOff(child);
      return this.#finish(parent, 'failed');
    }
    if (isBad(step) && step.spec.onFailure === 'fail') return this.stop('failed');
    for (const other of this.#dependents(step)) if (other.state === 'pending') this.#decide(other);
  }
  /** Begins a step that may, or ends one that never can. */
  #decide(step: ModelStep): void {
    const { waitsFor, need, when } = step.spec;
    const told = waitsFor.map(at => this.#at(at)).filter(each => this.#told.has(each));
    const met = told.filter(isMet).length;
    if (met < need && met + waitsFor.length - told.length >= need) return;
    if (met < need) return this.#end(step, 'skipped');
    this.#callOffLosers(step, step);
    const looked = when && this.#at(when.at);
    const isRight = when?.status === undefined || looked?.state === when.status;
    if (isRight && (when?.equals === undefined || member(looked?.output, 'n') === when.equals)) this.#start(step);
    else this.#end(step, 'skipped');
  }
  /** Nobody works for a race that is decided. */
  #callOffLosers(winner: ModelStep, loser: ModelStep): void {
    for (const step of loser.spec.waitsFor.map(at => this.#at(at))) {
      const isWanted = this.#dependents(step).some(each => each !== winner && each.state === 'pending');
      // An end that was not told yet is one that the race waited for.
      if (hasEnded(step) || isWanted) continue;
      this.#callOff(step);
      this.#callOffLosers(winner, step);
    }
  }
  #callOff(step: ModelStep): void {
    for (const child of step.children) if (!hasEnded(child)) this.#callOff(child);
    const { state, nest } = step;
    this.#end(step, 'cancelled');
    if (state === 'running' && nest?.isLive) nest.stop('cancelled');
  }
  /** What was done last is undone first, one after the other. */
  #undoOn(): void {
    if (this.steps.some(({ state, nest }) => state === 'cancelled' && nest?.status === 'compensating')) return;
    const done = this.#ends.filter(step => step.state === 'succeeded' && step.spec.undo).reverse();
    if (done.some(step => step.undo === 'running')) return;
    for (const step of done.filter(each => each.undo === '')) {
      const { agent = step.spec.agent, timeoutMs } = step.spec.undo ?? {};
      step.undo = agent !== undefined && this.#isGone(agent) ? 'failed' : 'running';
      if (step.undo === 'failed') continue;
      step.token = this.#world.nextToken();
      if (timeoutMs !== undefined) this.#world.remember('step-timeout', timeoutMs, this, step);
      return;
    }
    this.#over(this.outcome);
  }
  #over(status: string): void {
    this.status = status;
    const step = this.parent;
    const flow = step?.flow;
    if (!step || step.nest !== this) return;
    if (step.state !== 'running') {
      if (flow?.status === 'compensating') flow.#undoOn();
    } else if (status === 'succeeded') {
      const done = this.steps.filter(each => each.state === 'succeeded' && !each.parent);
      flow?.answered(step, Object.fromEntries(done.map(each => [each.name, each.output])));
    } else flow?.failed(step, status === 'cancelled');
  }
}

/** Whether a step has ended, well or not. */
export function hasEnded({ state }: Pick<ModelStep, 'state'>): boolean {
  return ENDS.includes(state);
}
function isBad({ state }: ModelStep): boolean {
  return state === 'failed' || state === 'timed_out';
}
function isMet(step: ModelStep): boolean {
  return step.state === 'succeeded' || (isBad(step) && step.spec.onFailure === 'continue');
}
function isRenewable(step: ModelStep): boolean {
  return hasEnded(step) && step.state !== 'succeeded';
}
function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[key] : undefined;
}
