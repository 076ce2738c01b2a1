// Checks a workflow definition: names, dependencies, cycles. Pure; reports all faults together.

import { LIMITS } from '../contract/limits.ts';
import { PRIORITY } from '../contract/words.ts';
import { isLongerThan, parseInput } from '../text.ts';
import { NESTING, readShape, type StepShape, type WorkflowShape } from './definition.ts';

/** How a step is run; stored with it as JSON. */
export interface StepSpec {
  readonly capability?: string | undefined;
  readonly priority?: number | undefined;
  readonly timeoutMs?: number | undefined;
  readonly retries?: StepShape['retries'];
  readonly onFailure: 'fail' | 'skip' | 'continue';
  /** How many dependencies must end well before it begins. */
  readonly need: number;
  readonly approval?: StepShape['approval'];
  readonly compensate?: StepShape['compensate'];
  /** True if it is a workflow of which a step has a `compensate`, at any depth. */
  readonly hasCompensation?: boolean;
  /** Definition of the workflow that the step is. */
  readonly workflow?: StepShape['workflow'];
  /** Ids of the agents that the step names besides its own, also in its nested definition; resolved once, at the start. */
  readonly ids?: AgentIds;
  /** The list that it runs for; `position` is that of the dependency that returns it. */
  readonly forEach?: (Omit<NonNullable<StepShape['for_each']>, 'step'> & { readonly position: number }) | undefined;
  /** Its condition; `position` is that of the dependency that it reads. */
  readonly when?: (Omit<NonNullable<StepShape['when']>, 'step'> & { readonly position: number }) | undefined;
}

/** Ids of agents by name. An id is never reused, so an agent that takes a freed name inherits nothing. */
export type AgentIds = Readonly<Record<string, number>>;

/** A step after the check; `dependencies` and `dependents` are positions. */
export interface StepPlan {
  readonly name: string;
  /** Empty for a step without an agent. */
  readonly agent: string;
  readonly action: string;
  /** JSON. */
  readonly requirements: string;
  readonly dependencies: number[];
  readonly dependents: number[];
  /** Agents that it names besides its own, also in its nested definition. */
  readonly others: readonly string[];
  readonly spec: StepSpec;
}

/** A workflow definition after the check. */
export interface WorkflowPlan {
  readonly type: string;
  readonly participants: readonly string[];
  readonly priority: number;
  /** 0 if none. */
  readonly deadlineMs: number;
  readonly steps: readonly StepPlan[];
}

/** Result of a check: a plan, or all faults as sentences. */
export type Checked =
  { readonly ok: true; readonly plan: WorkflowPlan } | { readonly ok: false; readonly faults: readonly string[] };

/** Agents and capabilities that exist. */
export interface Known {
  /** Returns true if an agent has this name. */
  isAgent(name: string): boolean;
  /** Returns true if any agent ever announced this capability. */
  isCapability(name: string): boolean;
  /** Returns the end of a sentence with similar names, or ''. Clients have it. */
  near?(kind: 'agent' | 'capability' | 'step', name: string, steps: Iterable<string>): string;
}

/** Checks a definition (JSON), and returns its plan or its faults. */
export function checkDefinition(text: string, known: Known): Checked {
  const parsed = parseInput(text);
  return parsed
    ? checkValue(parsed.value, known, 1)
    : { ok: false, faults: [`the definition is not JSON of at most ${LIMITS.jsonDepth} levels`] };
}

/** Faults as one sentence: the first 200, and the number of the others. */
export function sentenceOf(faults: readonly string[]): string {
  const listed = faults.slice(0, MAX_LISTED_FAULTS).join('; ');
  return faults.length > MAX_LISTED_FAULTS ? `${listed}; and ${faults.length - MAX_LISTED_FAULTS} more` : listed;
}

/** Faults that one refusal lists. */
const MAX_LISTED_FAULTS = 200;

function checkValue(value: unknown, known: Known, depth: number): Checked {
  const { shape, names, faults: shapeFaults } = readShape(value);
  const faults = [...shapeFaults];
  const index = indexOf(shape.steps, names, known, faults);
  const participants = checkAgents(shape, names, known, faults);
  const steps = shape.steps.map((step, at) => planStep(step, names[at] ?? '', index, faults));
  steps.forEach((step, at) => {
    for (const dependency of step.dependencies) steps[dependency]?.dependents.push(at);
  });
  const others = shape.steps.map(({ approval, compensate }) => {
    return [approval?.by, approval?.escalate_to, compensate?.agent].filter(name => name !== undefined);
  });
  const undoable: boolean[] = [];
  shape.steps.forEach(({ workflow }, at) => {
    if (!workflow) return;
    if (depth === NESTING) faults.push(`${names[at]}: workflows may be nested at most ${NESTING} deep`);
    else {
      const nested = checkValue(workflow, known, depth + 1);
      if (nested.ok) {
        others[at]?.push(...agentsOf(nested.plan));
        undoable[at] = nested.plan.steps.some(({ spec }) => spec.compensate ?? spec.hasCompensation);
      } else faults.push(...nested.faults.map(fault => `${names[at]}: ${fault}`));
    }
  });
  if (shape.headers && isLongerThan(JSON.stringify(shape.headers), LIMITS.headerBytes)) {
    faults.push(`headers: over ${LIMITS.headerBytes} bytes`);
  }
  const cycle = findCycle(steps);
  if (cycle) faults.push(`the steps wait for each other: ${cycle.map(at => steps[at]?.name ?? '').join(' → ')}`);
  if (faults.length > 0) return { ok: false, faults };
  const { workflow_type: type, priority = PRIORITY.normal, deadline_ms: deadlineMs = 0 } = shape;
  return {
    ok: true,
    plan: {
      type,
      participants,
      priority,
      deadlineMs,
      steps: steps.map((step, at) => withNested(step, others[at] ?? [], undoable[at] === true)),
    },
  };
}

/** Adds what the definitions inside of a step say. */
function withNested(step: Omit<StepPlan, 'others'>, others: readonly string[], hasCompensation: boolean): StepPlan {
  return { ...step, others, spec: hasCompensation ? { ...step.spec, hasCompensation } : step.spec };
}

/** All agents that a plan names. */
function agentsOf({ participants, steps }: WorkflowPlan): Iterable<string> {
  return new Set([...participants, ...steps.flatMap(step => step.others)]);
}

/** Positions of steps by name and by action. */
interface StepIndex {
  readonly byName: ReadonlyMap<string, number>;
  readonly byAction: ReadonlyMap<string, readonly number[]>;
  readonly near: (name: string) => string;
}

function indexOf(steps: readonly StepShape[], names: readonly string[], known: Known, faults: string[]): StepIndex {
  const byName = new Map<string, number>();
  const byAction = new Map<string, number[]>();
  steps.forEach(({ id, action }, at) => {
    const name = id ?? action;
    // A step without a name has a fault already.
    if (name === '') return;
    if (byName.has(name)) faults.push(`${names[at]}: another step has this id; give each step a different id`);
    else byName.set(name, at);
    byAction.set(action, [...(byAction.get(action) ?? []), at]);
  });
  const near = (name: string) => known.near?.('step', name, [...byName.keys(), ...byAction.keys()]) ?? '';
  return { byName, byAction, near };
}

function checkAgents(
  { participants, steps }: WorkflowShape,
  names: readonly string[],
  known: Known,
  faults: string[],
): readonly string[] {
  const agents = new Set<string>();
  const near = (kind: 'agent' | 'capability', name: string) => known.near?.(kind, name, []) ?? '';
  const noAgent = (name: string) => `there is no agent "${name.slice(0, 64)}"${near('agent', name)}`;
  for (const name of new Set(participants)) {
    if (!known.isAgent(name)) faults.push(`participants: ${noAgent(name)}`);
  }
  steps.forEach(({ agent, capability, approval, compensate }, at) => {
    const named = [agent, approval?.by, approval?.escalate_to, compensate?.agent].filter(name => name !== undefined);
    for (const name of new Set(named)) {
      agents.add(name);
      if (!known.isAgent(name)) faults.push(`${names[at]}: ${noAgent(name)}`);
    }
    for (const wanted of [capability, compensate?.capability]) {
      if (wanted === undefined || known.isCapability(wanted)) continue;
      faults.push(`${names[at]}: no agent ever announced the capability "${wanted}"${near('capability', wanted)}`);
    }
    if (agent !== undefined && participants && !participants.includes(agent)) {
      faults.push(`${names[at]}: agent "${agent.slice(0, 64)}" has a step but is not a participant`);
    }
  });
  // Approvers and agents of compensations may see the workflow, too.
  return [...new Set([...(participants ?? []), ...agents])];
}

/** The position of the step with an id, or with an action that no other step has; else a sentence that says why not. */
function positionOf(name: string, { byName, byAction, near }: StepIndex): number | string {
  const position = byName.get(name);
  if (position !== undefined) return position;
  const [only, ...others] = byAction.get(name) ?? [];
  if (only === undefined) return `there is no step "${name.slice(0, 64)}"${near(name)}`;
  return others.length === 0 ? only : `${others.length + 1} steps have the action "${name}"; name one by id`;
}

function planStep(step: StepShape, where: string, index: StepIndex, faults: string[]): Omit<StepPlan, 'others'> {
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

/** A cycle as positions, with the first repeated at the end; undefined if there is none. */
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
  // Each remaining step waits for another remaining step, so a path along dependencies returns to itself.
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
