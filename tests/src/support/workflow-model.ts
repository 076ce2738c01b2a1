// The rules of workflows in their plainest words: what a step waits for is looked up anew each time, and nothing is counted.

/** A step as it is asked for; positions in place of names. */
export interface ModelSpec {
  readonly agent?: string;
  readonly capability?: string;
  readonly waitsFor: readonly number[];
  readonly need: number;
  readonly onFailure: 'fail' | 'skip' | 'continue';
  /** How often it is tried again, and the first backoff; it doubles, up to a minute. */
  readonly attempts: number;
  readonly backoffMs: number;
  readonly timeoutMs: number | undefined;
  readonly when?: { readonly at: number; readonly status?: string; readonly equals?: number };
}

/** A step and how far it is. */
export interface ModelStep extends ModelSpec {
  state: string;
  tries: number;
  /** When it is tried again, in microseconds, or 0. */
  dueAt: bigint;
  output: number | null;
  /** Which assignment this is; a timeout is of one only. */
  assignment: number;
  /** What it was given: the output of each step it depends on that had ended. */
  given: Map<number, number | null>;
}

interface Timer {
  readonly kind: 'step-timeout' | 'step-retry' | 'workflow-deadline';
  readonly slot: bigint;
  readonly at: number;
  readonly assignment: number;
}

const ENDS = ['succeeded', 'failed', 'skipped', 'timed_out', 'cancelled'];
const SLOT = 250_000n;

/** One workflow, recomputed after each happening. */
export class WorkflowModel {
  status = 'running';
  now: bigint;
  readonly gone = new Set<string>();
  readonly steps: readonly ModelStep[];
  #timers: Timer[] = [];
  #assignments = 0;
  /** Ends that were told to those who wait for them: one after the other, even in one happening. */
  #told = new Set<number>();

  constructor(specs: readonly ModelSpec[], deadlineMs: number | undefined, now: bigint) {
    this.now = now;
    const fresh = { state: 'pending', tries: 0, dueAt: 0n, output: null, assignment: 0 };
    this.steps = specs.map(spec => ({ ...spec, ...fresh, given: new Map() }));
    if (deadlineMs !== undefined) this.#remember('workflow-deadline', deadlineMs, -1);
    this.#release();
  }

  get isLive(): boolean {
    return this.status === 'running' || this.status === 'paused';
  }
  get ended(): number {
    return this.steps.filter(hasEnded).length;
  }
  met(step: ModelStep): number {
    return step.waitsFor.filter(at => this.#isMet(this.step(at))).length;
  }
  step(at: number): ModelStep {
    const step = this.steps[at];
    if (!step) throw new Error(`no step ${at}`);
    return step;
  }

  answered(at: number, output: number): void {
    this.step(at).output = output;
    this.#finish(at, 'succeeded');
  }
  failed(at: number, state = 'failed'): void {
    const step = this.step(at);
    if (step.tries > step.attempts) return this.#finish(at, state);
    const backoff = Math.min(step.backoffMs * 2 ** (step.tries - 1), 60_000);
    step.state = 'ready';
    step.dueAt = this.now + BigInt(backoff) * 1000n;
    this.#remember('step-retry', backoff, at);
  }
  /** The next of the timers of this slot. */
  ring(slot: bigint, kind: string): boolean {
    const timer = this.#timers.find(each => each.slot === slot);
    if (timer?.kind !== kind) return false;
    this.#timers = this.#timers.filter(each => each !== timer);
    const { at, assignment } = timer;
    if (!this.isLive) return true;
    if (at < 0) this.#stop('failed');
    else if (kind === 'step-timeout') {
      if (this.step(at).state === 'running' && this.step(at).assignment === assignment) this.failed(at, 'timed_out');
    } else if (this.step(at).state === 'ready' && this.step(at).dueAt > 0n && this.step(at).dueAt <= this.now) {
      if (this.status === 'running') this.#start(at);
    }
    return true;
  }

  pause(): void {
    this.status = 'paused';
  }
  resume(): void {
    if (this.status === 'running') return;
    this.status = 'running';
    this.steps.forEach((step, at) => {
      if (step.state === 'ready' && step.dueAt <= this.now) this.#start(at);
    });
    this.#conclude();
  }
  cancel(): void {
    if (this.isLive) this.#stop('cancelled');
  }
  mayRetry(at: number): boolean {
    return hasEnded(this.step(at)) && this.step(at).state !== 'succeeded';
  }
  retry(first: number): void {
    const again = new Set<number>();
    const reached = [first];
    if (this.status === 'failed' || this.status === 'cancelled') {
      this.steps.forEach((step, at) => {
        if (step.state === 'cancelled' || (isBad(step) && step.onFailure === 'fail')) reached.push(at);
      });
    }
    for (let at = reached.pop(); at !== undefined; at = reached.pop()) {
      if (again.has(at) || !this.mayRetry(at)) continue;
      again.add(at);
      reached.push(...this.#dependents(at));
    }
    for (const at of again) {
      Object.assign(this.step(at), { state: 'pending', tries: 0, dueAt: 0n, output: null });
      for (const other of this.#dependents(at).map(each => this.step(each))) {
        if (other.state === 'ready' && other.tries === 0) other.state = 'pending';
      }
    }
    if (!this.isLive) this.status = 'running';
    this.#told = new Set(this.steps.flatMap((step, at) => (hasEnded(step) ? [at] : [])));
    this.#release();
  }

  #release(): void {
    this.steps.forEach((step, at) => {
      if (step.state === 'pending' && this.#decide(at)) this.#spread(at);
    });
    this.#conclude();
  }
  #start(at: number): void {
    const step = this.step(at);
    if (this.status !== 'running') step.state = 'ready';
    else if (step.agent !== undefined && this.gone.has(step.agent)) this.#finish(at, 'failed');
    else {
      const known = step.waitsFor.filter(each => hasEnded(this.step(each)));
      Object.assign(step, { state: 'running', tries: step.tries + 1, dueAt: 0n, assignment: ++this.#assignments });
      step.given = new Map(known.map(each => [each, this.step(each).output]));
      if (step.timeoutMs !== undefined) this.#remember('step-timeout', step.timeoutMs, at);
    }
  }
  #finish(at: number, state: string): void {
    this.step(at).state = state;
    this.#spread(at);
    this.#conclude();
  }
  /** What ended last is looked at first. */
  #spread(first: number): void {
    const ended = [first];
    for (let at = ended.pop(); at !== undefined && this.isLive; at = ended.pop()) {
      const step = this.step(at);
      this.#told.add(at);
      if (isBad(step) && step.onFailure === 'fail') return this.#stop('failed');
      for (const other of this.#dependents(at)) {
        if (this.step(other).state === 'pending' && this.#decide(other)) ended.push(other);
      }
    }
  }
  /** Whether it has ended by this. */
  #decide(at: number): boolean {
    const step = this.step(at);
    const open = step.waitsFor.filter(each => !hasEnded(this.step(each)));
    const told = step.waitsFor.filter(each => this.#told.has(each));
    const met = told.filter(each => this.#isMet(this.step(each))).length;
    if (met < step.need && met + step.waitsFor.length - told.length >= step.need) return false;
    if (met >= step.need) {
      for (const loser of open) {
        const isWanted = this.#dependents(loser).some(each => each !== at && this.step(each).state === 'pending');
        if (!isWanted) this.step(loser).state = 'cancelled';
      }
      const { when } = step;
      const looked = when && this.step(when.at);
      const isRight = when?.status === undefined || looked?.state === when.status;
      if (isRight && (when?.equals === undefined || looked?.output === when.equals)) {
        this.#start(at);
        return false;
      }
    }
    step.state = 'skipped';
    return true;
  }
  #stop(status: string): void {
    for (const step of this.steps) if (!hasEnded(step)) step.state = 'cancelled';
    this.status = status;
  }
  #conclude(): void {
    if (this.isLive && this.steps.every(hasEnded)) this.status = 'succeeded';
  }
  #isMet(step: ModelStep): boolean {
    return step.state === 'succeeded' || (isBad(step) && step.onFailure === 'continue');
  }
  #dependents(at: number): number[] {
    return this.steps.flatMap((step, other) => (step.waitsFor.includes(at) ? [other] : []));
  }
  #remember(kind: Timer['kind'], ms: number, at: number): void {
    const slot = (this.now + BigInt(ms) * 1000n) / SLOT + 1n;
    this.#timers.push({ kind, slot, at, assignment: this.steps?.[at]?.assignment ?? 0 });
  }
}

/** Whether a step has ended, well or not. */
export function hasEnded({ state }: Pick<ModelStep, 'state'>): boolean {
  return ENDS.includes(state);
}
function isBad({ state }: ModelStep): boolean {
  return state === 'failed' || state === 'timed_out';
}
