// Checks how the steps of a definition hang together: pure, and every fault is named at once.

import { PRIORITY } from '../contract/words.ts';
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

/** All faults as one sentence; of very many, the first. */
export function sentenceOf(faults: readonly string[]): string {
  const told = faults.slice(0, TOLD_FAULTS).join('; ');
  return faults.length > TOLD_FAULTS ? `${told}; and ${faults.length - TOLD_FAULTS} more` : told;
}

/** So many faults fit into a refusal. */
const TOLD_FAULTS = 200;

function checkValue(value: unknown, known: Known, depth: number): Checked {
  const { shape, names, faults: shapeFaults } = readShape(value);
  const faults = [...shapeFaults];
  const index = indexOf(shape.steps, names, faults);
  const participants = checkPeople(shape, names, known, faults);
  const steps = shape.steps.map((step, at) => planStep(step, names[at] ?? '', index, faults));
  steps.forEach((step, at) => {
    for (const dependency of step.dependencies) steps[dependency]?.dependents.push(at);
  });
  shape.steps.forEach(({ workflow }, at) => {
    if (!workflow) return;
    if (depth === NESTING) faults.push(`${names[at]}: workflows are nested ${NESTING} deep at most`);
    else {
      const nested = checkValue(workflow, known, depth + 1);
      if (!nested.ok) faults.push(...nested.faults.map(fault => `${names[at]}: ${fault}`));
    }
  });
  const cycle = findCycle(steps);
  if (cycle) faults.push(`the steps wait for each other: ${cycle.map(at => steps[at]?.name ?? '').join(' → ')}`);
  if (faults.length > 0) return { ok: false, faults };
  const { workflow_type: type, priority = PRIORITY.normal, deadline_ms: deadlineMs = 0 } = shape;
  return { ok: true, plan: { type, participants, priority, deadlineMs, steps } };
}

/** Where the steps are, by their names and by their actions. */
interface StepIndex {
  readonly byName: ReadonlyMap<string, number>;
  readonly byAction: ReadonlyMap<string, readonly number[]>;
}

function indexOf(steps: readonly StepShape[], names: readonly string[], faults: string[]): StepIndex {
  const byName = new Map<string, number>();
  const byAction = new Map<string, number[]>();
  steps.forEach(({ id, action }, at) => {
    const name = id ?? action;
    // One without a name has a fault already.
    if (name === '') return;
    if (byName.has(name)) faults.push(`${names[at]}: another step has this id; give one of them an id of its own`);
    else byName.set(name, at);
    byAction.set(action, [...(byAction.get(action) ?? []), at]);
  });
  return { byName, byAction };
}

function checkPeople(
  { participants, steps }: WorkflowShape,
  names: readonly string[],
  known: Known,
  faults: string[],
): readonly string[] {
  const agents = new Set<string>();
  for (const name of new Set(participants)) {
    if (!known.isAgent(name)) faults.push(`participants: there is no agent "${name.slice(0, 64)}"`);
  }
  steps.forEach(({ agent, capability, approval, compensate }, at) => {
    const people = [agent, approval?.by, approval?.escalate_to, compensate?.agent].filter(name => name !== undefined);
    for (const name of new Set(people)) {
      agents.add(name);
      if (!known.isAgent(name)) faults.push(`${names[at]}: there is no agent "${name.slice(0, 64)}"`);
    }
    for (const wanted of [capability, compensate?.capability]) {
      if (wanted === undefined || known.isCapability(wanted)) continue;
      faults.push(`${names[at]}: no agent ever announced the capability "${wanted}"`);
    }
    if (agent !== undefined && participants && !participants.includes(agent)) {
      faults.push(`${names[at]}: agent "${agent.slice(0, 64)}" has a step but is no participant`);
    }
  });
  // Whoever has to agree to a step, or to undo one, may look at what it is about.
  return [...new Set([...(participants ?? []), ...agents])];
}

/** The position of a step that is named by its id, or by an action that one step has; or why there is none. */
function positionOf(name: string, { byName, byAction }: StepIndex): number | string {
  const position = byName.get(name);
  if (position !== undefined) return position;
  const [only, ...others] = byAction.get(name) ?? [];
  if (only === undefined) return `there is no step "${name.slice(0, 64)}"`;
  return others.length === 0 ? only : `${others.length + 1} steps have the action "${name}"; name one by id`;
}

function planStep(step: StepShape, where: string, index: StepIndex, faults: string[]): StepPlan {
  const { capability, priority, timeout_ms: timeoutMs, retries, on_failure: onFailure = 'fail', join = 'all' } = step;
  const positions = new Set<number>();
  let unknown = 0;
  for (const name of step.depends_on ?? []) {
    const found = positionOf(name, index);
    if (typeof found === 'number') positions.add(found);
    else {
      unknown++;
      faults.push(`${where}: ${found}`);
    }
  }
  const dependencies = [...positions];
  const need = join === 'all' ? dependencies.length : join === 'any' ? Math.min(1, dependencies.length) : join.at_least;
  if (need > dependencies.length + unknown) {
    faults.push(`${where}: it waits for ${need} of ${dependencies.length + unknown} dependencies`);
  }
  const { when, for_each: forEach } = step;
  const dependency = (member: string, name: string): number => {
    const found = positionOf(name, index);
    if (typeof found === 'number' && positions.has(found)) return found;
    faults.push(`${where}: ${member} looks at "${name.slice(0, 64)}", which it does not depend on`);
    return 0;
  };
  return {
    name: step.id ?? step.action,
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
