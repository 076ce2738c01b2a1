// Checks how the steps of a definition hang together: pure, and every fault is named at once.

import { LIMITS, PRIORITY } from '../contract.ts';
import { parseJson } from '../text.ts';
import { NESTING, readShape, type StepShape, type WorkflowShape } from './definition.ts';

/** How a step is run; kept with it as JSON. */
export interface StepSpec {
  readonly capability?: string | undefined;
  readonly priority?: number | undefined;
  readonly timeoutMs?: number | undefined;
  readonly retries?: StepShape['retries'];
  readonly onFailure: 'fail' | 'skip' | 'continue';
  /** How many of its dependencies have to end well. */
  readonly need: number;
  readonly approval?: StepShape['approval'];
  readonly compensate?: StepShape['compensate'];
  /** The definition of the workflow that the step is. */
  readonly workflow?: StepShape['workflow'];
  /** The list that it is done for: of which dependency, by position. */
  readonly forEach?: (Omit<NonNullable<StepShape['for_each']>, 'step'> & { readonly position: number }) | undefined;
  /** The dependency that it looks at, by position. */
  readonly when?: (Omit<NonNullable<StepShape['when']>, 'step'> & { readonly position: number }) | undefined;
}

/** A step after the check; `dependencies` and `dependents` are positions. */
export interface StepPlan {
  readonly name: string;
  /** Empty where a capability is asked for. */
  readonly agent: string;
  readonly action: string;
  /** JSON. */
  readonly requirements: string;
  readonly dependencies: number[];
  readonly dependents: number[];
  readonly spec: StepSpec;
}

/** A definition after the check. */
export interface Plan {
  readonly type: string;
  readonly participants: readonly string[];
  readonly priority: number;
  /** 0 for none. */
  readonly deadlineMs: number;
  readonly steps: readonly StepPlan[];
}

/** What the check found: a plan, or every fault. */
export type Checked =
  { readonly ok: true; readonly plan: Plan } | { readonly ok: false; readonly faults: readonly string[] };

/** Who there is. */
export interface Known {
  isAgent(name: string): boolean;
  /** Whether any agent ever announced it. */
  isCapability(name: string): boolean;
}

/** Checks a definition (JSON) and plans it. */
export function checkDefinition(text: string, known: Known): Checked {
  const parsed = parseJson(text);
  return parsed ? checkValue(parsed.value, known, 1) : { ok: false, faults: ['the definition is not JSON'] };
}

function checkValue(value: unknown, known: Known, depth: number): Checked {
  const read = readShape(value);
  if ('faults' in read) return { ok: false, faults: read.faults };
  const { shape } = read;
  const faults: string[] = [];
  const names = nameSteps(shape.steps, faults);
  const participants = checkPeople(shape, names, known, faults);
  const links = link(shape.steps, names, faults);
  const steps = shape.steps.map((step, at) => planStep(step, names[at] ?? '', links[at] ?? [], faults, names));
  steps.forEach((step, at) => {
    for (const dependency of step.dependencies) steps[dependency]?.dependents.push(at);
  });
  shape.steps.forEach(({ workflow }, at) => {
    if (!workflow) return;
    if (depth === NESTING) faults.push(`step "${names[at]}": workflows are nested ${NESTING} deep at most`);
    else {
      const nested = checkValue(workflow, known, depth + 1);
      if (!nested.ok) faults.push(...nested.faults.map(fault => `step "${names[at]}": ${fault}`));
    }
  });
  const cycle = faults.length === 0 ? findCycle(steps) : undefined;
  if (cycle) faults.push(`the steps wait for each other: ${cycle.map(at => names[at] ?? '').join(' → ')}`);
  if (faults.length > 0) return { ok: false, faults };
  const { workflow_type: type, priority = PRIORITY.normal, deadline_ms: deadlineMs = 0 } = shape;
  return { ok: true, plan: { type, participants, priority, deadlineMs, steps } };
}

function nameSteps(steps: readonly StepShape[], faults: string[]): string[] {
  const seen = new Set<string>();
  return steps.map(({ id, action }) => {
    const name = id ?? action;
    if (seen.has(name)) faults.push(`step "${name}": another step has this id; give one of them an id of its own`);
    seen.add(name);
    return name;
  });
}

function checkPeople(
  { participants, steps }: WorkflowShape,
  names: readonly string[],
  known: Known,
  faults: string[],
): readonly string[] {
  const agents = new Set(
    steps.flatMap(({ agent, approval, compensate }) =>
      [agent, approval?.by, approval?.escalate_to, compensate?.agent].filter(name => name !== undefined),
    ),
  );
  for (const name of new Set([...(participants ?? []), ...agents])) {
    if (!known.isAgent(name)) faults.push(`there is no agent "${name.slice(0, 64)}"`);
  }
  steps.forEach(({ agent, capability, compensate }, at) => {
    for (const wanted of [capability, compensate?.capability]) {
      if (wanted === undefined || known.isCapability(wanted)) continue;
      faults.push(`step "${names[at]}": no agent ever announced the capability "${wanted}"`);
    }
    if (agent !== undefined && participants && !participants.includes(agent)) {
      faults.push(`step "${names[at]}": agent "${agent.slice(0, 64)}" has a step but is no participant`);
    }
  });
  return [...new Set(participants ?? agents)];
}

/** The dependencies of each step by position. They are named by a step's id, or by an action that one step has. */
function link(steps: readonly StepShape[], names: readonly string[], faults: string[]): number[][] {
  return steps.map((step, at) => {
    const positions = new Set<number>();
    for (const name of step.depends_on ?? []) {
      const found = positionOf(name, steps, names);
      if (typeof found === 'number') positions.add(found);
      else faults.push(`step "${names[at]}": ${found}`);
    }
    return [...positions];
  });
}

/** The position of a step that is named by its id or its action, or why there is none. */
function positionOf(name: string, steps: readonly StepShape[], names: readonly string[]): number | string {
  const byName = names.indexOf(name);
  if (byName >= 0) return byName;
  const byAction = steps.flatMap(({ action }, at) => (action === name ? [at] : []));
  const [only] = byAction;
  if (only === undefined) return `there is no step "${name.slice(0, 64)}"`;
  return byAction.length === 1 ? only : `${byAction.length} steps have the action "${name}"; name one by id`;
}

function planStep(
  step: StepShape,
  name: string,
  dependencies: number[],
  faults: string[],
  names: readonly string[],
): StepPlan {
  const { capability, priority, timeout_ms: timeoutMs, retries, on_failure: onFailure = 'fail', join = 'all' } = step;
  const need = join === 'all' ? dependencies.length : join === 'any' ? Math.min(1, dependencies.length) : join.at_least;
  if (need > dependencies.length) {
    faults.push(`step "${name}": it waits for ${need} of ${dependencies.length} dependencies`);
  }
  const { when, for_each: forEach } = step;
  const dependency = (member: string, id: string): number => {
    const found = dependencies.find(at => names[at] === id);
    if (found === undefined)
      faults.push(`step "${name}": ${member} looks at "${id.slice(0, 64)}", no dependency of it by id`);
    return found ?? 0;
  };
  return {
    name,
    agent: step.agent ?? '',
    action: step.action,
    requirements: JSON.stringify(step.requirements ?? {}),
    dependencies,
    dependents: [],
    spec: {
      capability,
      priority,
      timeoutMs,
      retries,
      onFailure,
      need,
      approval: step.approval,
      compensate: step.compensate,
      workflow: step.workflow,
      when: when && { status: when.status, output: when.output, position: dependency('when', when.step) },
      forEach: forEach && {
        path: forEach.path,
        concurrency: forEach.concurrency,
        position: dependency('for_each', forEach.step),
      },
    },
  };
}

/** A cycle as positions, its first one repeated at the end; undefined when there is none. */
export function findCycle(steps: readonly Pick<StepPlan, 'dependencies' | 'dependents'>[]): number[] | undefined {
  const unmet = steps.map(step => step.dependencies.length);
  const ready = unmet.flatMap((count, at) => (count === 0 ? [at] : []));
  for (let at = ready.pop(); at !== undefined; at = ready.pop()) {
    unmet[at] = -1;
    for (const dependent of steps[at]?.dependents ?? []) {
      const left = (unmet[dependent] ?? 0) - 1;
      unmet[dependent] = left;
      if (left === 0) ready.push(dependent);
    }
  }
  // Whatever is left waits for something that is left too: following dependencies must come back.
  let at = unmet.findIndex(count => count > 0);
  if (at < 0) return undefined;
  const seen = new Map<number, number>();
  const path: number[] = [];
  while (!seen.has(at)) {
    seen.set(at, path.length);
    path.push(at);
    at = steps[at]?.dependencies.find(dependency => (unmet[dependency] ?? 0) > 0) ?? at;
  }
  return [...path.slice(seen.get(at)), at].reverse();
}

/** The list that a step is done for, or why there is none. */
export function listOf(forEach: NonNullable<StepSpec['forEach']>, output: string): readonly unknown[] | string {
  const found: unknown = at(parseJson(output)?.value, forEach.path);
  if (!isList(found)) return `what it is to be done for is no list`;
  if (found.length > LIMITS.elements) return `it would be done ${found.length} times; ${LIMITS.elements} are allowed`;
  return found;
}

/** `Array.isArray` makes everything of what a list holds. */
function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

/** Whether a step's condition holds of a dependency that has ended. */
export function holds(when: NonNullable<StepSpec['when']>, state: string, output: string): boolean {
  if (when.status !== undefined && when.status !== state) return false;
  if (!when.output) return true;
  const { path, exists, equals, not_equals: notEquals, greater_than: least, less_than: most } = when.output;
  const found = at(parseJson(output)?.value, path);
  if (exists !== undefined && exists !== (found !== undefined)) return false;
  if (equals !== undefined && !isEqual(found, equals)) return false;
  if (notEquals !== undefined && isEqual(found, notEquals)) return false;
  if (least !== undefined && !(typeof found === 'number' && found > least)) return false;
  return most === undefined || (typeof found === 'number' && found < most);
}

function at(value: unknown, path: string): unknown {
  return path === '' ? value : path.split('.').reduce<unknown>(member, value);
}

function member(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[key]; // an object that has this key
}

/** Equal as JSON, whatever the order of keys. */
function isEqual(one: unknown, other: unknown): boolean {
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return one === other;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const keys = Object.keys(one);
  if (keys.length !== Object.keys(other).length) return false;
  return keys.every(key => Object.hasOwn(other, key) && isEqual(member(one, key), member(other, key)));
}

/** Microseconds before a step is tried again, for the n-th time; `chance` is 0 to 1. */
export function retryMicros(retries: NonNullable<StepShape['retries']>, n: number, chance: number): bigint {
  const backoff = Math.min(retries.backoff_ms * 2 ** (n - 1), retries.max_backoff_ms);
  return BigInt(Math.round(backoff * (1 + retries.jitter * chance))) * 1000n;
}
