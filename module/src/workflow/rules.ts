// Checks the definition of a workflow: pure, and every fault is named at once.

import { LIMITS, PRIORITY, SHORT_NAME } from '../contract.ts';
import { isObject, parseJson } from '../text.ts';

/** A step after the check; `dependencies` and `dependents` are positions. */
export interface StepPlan {
  readonly name: string;
  readonly agent: string;
  readonly action: string;
  /** JSON. */
  readonly requirements: string;
  readonly dependencies: number[];
  readonly dependents: number[];
}

/** A definition after the check. */
export interface Plan {
  readonly type: string;
  readonly participants: readonly string[];
  readonly priority: number;
  readonly steps: readonly StepPlan[];
}

/** What the check found: a plan, or every fault. */
export type Checked =
  { readonly ok: true; readonly plan: Plan } | { readonly ok: false; readonly faults: readonly string[] };

const WORKFLOW_KEYS = new Set(['workflow_type', 'participants', 'steps', 'metadata', 'priority']);
const STEP_KEYS = new Set(['id', 'agent', 'action', 'requirements', 'depends_on']);

/** Checks a definition (JSON). `isAgent` says whether an agent of that name is registered. */
export function checkDefinition(text: string, isAgent: (name: string) => boolean): Checked {
  const definition = parseJson(text)?.value;
  if (!isObject(definition)) return { ok: false, faults: ['the definition is not a JSON object'] };
  const faults: string[] = [];
  unknownKeys(definition, WORKFLOW_KEYS, 'the workflow', faults);
  const type = definition['workflow_type'];
  if (typeof type !== 'string' || !SHORT_NAME.test(type)) faults.push('workflow_type is missing or not a short name');
  const priority = definition['priority'] ?? PRIORITY.normal;
  if (typeof priority !== 'number' || !Number.isInteger(priority) || priority < 1 || priority > 4) {
    faults.push('priority is not 1, 2, 3 or 4');
  }
  const steps = readSteps(definition['steps'], faults);
  const participants = readParticipants(definition['participants'], steps, faults);
  for (const name of new Set([...participants, ...steps.map(step => step.agent)])) {
    if (name !== '' && !isAgent(name)) faults.push(`there is no agent "${name}"`);
  }
  link(steps, faults);
  const cycle = faults.length === 0 ? findCycle(steps) : undefined;
  if (cycle) faults.push(`the steps wait for each other: ${cycle.map(at => steps[at]?.name ?? '').join(' → ')}`);
  if (faults.length > 0 || typeof type !== 'string' || typeof priority !== 'number') return { ok: false, faults };
  return { ok: true, plan: { type, participants, priority, steps } };
}

/** A step as it is read: its dependencies still by name. */
interface Draft extends StepPlan {
  readonly dependsOn: readonly string[];
}

function readSteps(value: unknown, faults: string[]): Draft[] {
  if (!Array.isArray(value) || value.length === 0) {
    faults.push('steps is missing or empty');
    return [];
  }
  if (value.length > LIMITS.workflowSteps) {
    faults.push(`there are ${value.length} steps; ${LIMITS.workflowSteps} are allowed`);
    return [];
  }
  const names = new Set<string>();
  const steps: Draft[] = [];
  value.forEach((step: unknown, at) => {
    const where = `step ${at + 1}`;
    if (!isObject(step)) {
      faults.push(`${where} is not an object`);
      return;
    }
    const { action, agent } = step;
    const name = step['id'] ?? action;
    const known = typeof name === 'string' ? `step "${name}"` : where;
    unknownKeys(step, STEP_KEYS, known, faults);
    if (typeof action !== 'string' || !SHORT_NAME.test(action))
      faults.push(`${known}: action is missing or not a short name`);
    if (typeof agent !== 'string' || agent === '') faults.push(`${known}: agent is missing`);
    if (typeof name !== 'string' || !SHORT_NAME.test(name)) faults.push(`${known}: id is not a short name`);
    else if (names.has(name)) faults.push(`${known}: another step has this id; give one of them an id of its own`);
    const dependsOn: unknown = step['depends_on'] ?? [];
    const isNames = Array.isArray(dependsOn) && dependsOn.every(each => typeof each === 'string');
    if (!isNames) faults.push(`${known}: depends_on is not a list of names`);
    if (typeof name === 'string') names.add(name);
    steps.push({
      name: typeof name === 'string' ? name : '',
      agent: typeof agent === 'string' ? agent : '',
      action: typeof action === 'string' ? action : '',
      requirements: JSON.stringify(step['requirements'] ?? {}),
      dependencies: [],
      dependents: [],
      dependsOn: isNames ? [...new Set<string>(dependsOn)] : [],
    });
  });
  return steps;
}

function readParticipants(value: unknown, steps: readonly Draft[], faults: string[]): readonly string[] {
  const agents = new Set(steps.map(step => step.agent).filter(name => name !== ''));
  if (value === undefined) return [...agents];
  if (!Array.isArray(value) || !value.every(each => typeof each === 'string')) {
    faults.push('participants is not a list of names');
    return [...agents];
  }
  const participants = new Set<string>(value);
  for (const agent of agents)
    if (!participants.has(agent)) faults.push(`agent "${agent}" has a step but is no participant`);
  return [...participants];
}

/** Turns names into positions, both ways. A dependency names a step's id, or an action that one step has. */
function link(steps: readonly Draft[], faults: string[]): void {
  const byName = new Map(steps.map((step, at) => [step.name, at]));
  const byAction = new Map<string, number[]>();
  steps.forEach((step, at) => byAction.set(step.action, [...(byAction.get(step.action) ?? []), at]));
  steps.forEach((step, at) => {
    for (const name of step.dependsOn) {
      const actions = byAction.get(name) ?? [];
      const target = byName.get(name) ?? (actions.length === 1 ? actions[0] : undefined);
      if (target === undefined) {
        const why =
          actions.length > 1
            ? `${actions.length} steps have the action "${name}"; name one by id`
            : `there is no step "${name}"`;
        faults.push(`step "${step.name}": ${why}`);
      } else if (!step.dependencies.includes(target)) {
        step.dependencies.push(target);
        steps[target]?.dependents.push(at);
      }
    }
  });
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

function unknownKeys(
  value: Readonly<Record<string, unknown>>,
  known: ReadonlySet<string>,
  where: string,
  faults: string[],
): void {
  for (const key of Object.keys(value)) {
    if (!known.has(key)) faults.push(`${where}: "${key}" is not known; known are ${[...known].join(', ')}`);
  }
}
