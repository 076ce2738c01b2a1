// The shape of a workflow's definition: one schema for the module, which has the last word, and for clients, which tell faults
// before anything is sent. How steps hang together is checked by `check.ts`.

import * as z from 'zod';
import { LIMITS } from '../contract/limits.ts';
import { PRIORITY, SHORT_NAME } from '../contract/words.ts';
import { isObject } from '../text.ts';

// SpacetimeDB's realm makes no code out of text, and neither need we.
z.config({ jitless: true });

const shortName = z.string().regex(SHORT_NAME, 'not a short name: letters, digits, _ . : / -, 64 at most');
const priority = z.int().min(PRIORITY.low).max(PRIORITY.critical);
const duration = z.int().min(1).max(LIMITS.workflowMs);
const json = z.record(z.string(), z.unknown());

/** Compares something in a dependency's output. */
const comparison = z.strictObject({
  /** Where in the output: names and numbers joined by dots; empty for all of it. */
  path: z.string().max(512).default(''),
  exists: z.boolean().optional(),
  equals: z.unknown().optional(),
  not_equals: z.unknown().optional(),
  greater_than: z.number().optional(),
  less_than: z.number().optional(),
});

/** A step is run only if this holds of one of its dependencies, and skipped otherwise. */
const condition = z.strictObject({
  /** The id or the action of a dependency. */
  step: z.string(),
  status: z.enum(['succeeded', 'failed', 'timed_out', 'skipped']).optional(),
  output: comparison.optional(),
});

const retries = z.strictObject({
  /** How often it is tried again after the first failure. */
  attempts: z.int().min(0).max(100),
  backoff_ms: duration.default(1_000),
  /** By default a minute, or the first backoff if that is longer. */
  max_backoff_ms: duration.optional(),
  /** Up to this part of the backoff is added by chance. */
  jitter: z.number().min(0).max(1).default(0),
});

/** Somebody has to agree before the step is given out; a step without agent and capability is only that. */
const approval = z.strictObject({
  /** The agent that is asked. */
  by: z.string().min(1),
  timeout_ms: duration.optional(),
  /** Who is asked when nobody has answered in time; without it the step fails then, as if rejected. */
  escalate_to: z.string().min(1).optional(),
});

/** What undoes a step that was done, if the workflow ends badly later; by whoever does the step, unless said otherwise. */
const compensation = z.strictObject({
  action: shortName,
  requirements: json.optional(),
  agent: z.string().min(1).optional(),
  capability: shortName.optional(),
  /** How long it may take; without it, as long as its delivery lives. */
  timeout_ms: duration.optional(),
});

/** The step is done once for each element of a list that a dependency has returned. */
const forEach = z.strictObject({
  /** The id or the action of the dependency. */
  step: z.string(),
  /** Where in its output the list is. */
  path: z.string().max(512).default(''),
  /** How many are under way at once; by default all. */
  concurrency: z.int().min(1).optional(),
});

/** How deep workflows may be nested. */
export const NESTING = 4;

const stepMembers = {
  /** By default its action. */
  id: shortName.optional(),
  agent: z.string().min(1).optional(),
  /** Any agent that announces this, in place of one by name. */
  capability: shortName.optional(),
  action: shortName,
  requirements: json.optional(),
  /** Ids or actions of the steps that it waits for. */
  depends_on: z.array(z.string()).optional(),
  /** Of how many of them: all, the first (the others are called off), or the first so many. */
  join: z.union([z.enum(['all', 'any']), z.strictObject({ at_least: z.int().min(1) })]).optional(),
  when: condition.optional(),
  priority: priority.optional(),
  /** How long one attempt may take, from its assignment on; of a step for each element, one attempt at one of them. */
  timeout_ms: duration.optional(),
  /** In place of the five attempts that every delivery has: whoever does the step fails it, or takes too long. */
  retries: retries.optional(),
  /** What its failure means: the end of the workflow, of what depends on it, or nothing (who depends on it is told). */
  on_failure: z.enum(['fail', 'skip', 'continue']).optional(),
  approval: approval.optional(),
  compensate: compensation.optional(),
  for_each: forEach.optional(),
  /** The definition of a workflow that this step is, in place of an agent. */
  workflow: json.optional(),
};

const bareStep = z.strictObject(stepMembers);

/** A step whose shape was checked. */
export type StepShape = z.output<typeof bareStep>;

/** What of a step does not go together, as sentences. */
export function contradictionsOf({ agent, capability, approval, compensate, for_each, workflow }: StepShape): string[] {
  const doer = agent ?? capability;
  const faults: string[] = [];
  if (agent !== undefined && capability !== undefined) faults.push('name either an agent or a capability, not both');
  if (workflow && doer !== undefined) faults.push('a step that is a workflow has no agent and no capability');
  if (workflow && for_each) faults.push('a step that is a workflow cannot be done for each element');
  if ((doer ?? approval ?? workflow) === undefined) {
    faults.push('name an agent, a capability, who has to approve, or a workflow');
  }
  if (for_each && doer === undefined && !workflow) faults.push('a step for each element has an agent or a capability');
  if (compensate?.agent !== undefined && compensate.capability !== undefined) {
    faults.push('compensate has either an agent or a capability, not both');
  }
  if (compensate && (compensate.agent ?? compensate.capability ?? doer) === undefined) {
    faults.push('compensate has to name an agent or a capability, since the step has none');
  }
  return faults;
}

const step = bareStep.superRefine((value, context) => {
  for (const message of contradictionsOf(value)) context.addIssue({ code: 'custom', message });
});

const members = {
  workflow_type: shortName,
  /** Agents that take part and may look on: besides who approves and undoes; by default those of the steps. */
  participants: z.array(z.string()).optional(),
  metadata: json.optional(),
  /** Of every message that it sends: tasks, and those of workflows in it. */
  headers: json.optional(),
  priority: priority.optional(),
  /** When the whole of it fails, from its start on. */
  deadline_ms: duration.optional(),
};

/** The shape of a definition, with the keys of the wire. */
export const workflowShape = z.strictObject({
  ...members,
  steps: z.array(step).min(1).max(LIMITS.workflowSteps),
});

const bareShape = z.strictObject({ ...members, steps: z.array(bareStep).min(1).max(LIMITS.workflowSteps) });

/** A definition whose shape was checked. */
export type WorkflowShape = z.output<typeof bareShape>;

/** A definition as far as it can be read, and every fault of its shape with the step that it is in. */
export interface ReadShape {
  readonly shape: WorkflowShape;
  /** How each step is called in a fault. */
  readonly names: readonly string[];
  readonly faults: readonly string[];
}

/** Reads the shape of a definition. Where there are faults, the rest is read all the same, so that all are told at once. */
export function readShape(value: unknown): ReadShape {
  const read = bareShape.safeParse(value);
  const shape = read.data ?? readLoosely(value);
  const names = shape.steps.map(({ id, action }, at) => nameOf(id ?? action, at));
  const faults = (read.error?.issues ?? []).map(({ path, message }) => `${whereOf(path, names)}: ${message}`);
  shape.steps.forEach((each, at) => {
    // What is no object at all has one fault.
    if (read.success || isObject(stepsOf(value)[at])) {
      faults.push(...contradictionsOf(each).map(fault => `${names[at]}: ${fault}`));
    }
  });
  return { shape, names, faults };
}

/** How a step is called in a fault: by its name, or, without one, by its number. */
function nameOf(name: string, at: number): string {
  return name === '' ? `step ${at + 1}` : `step "${name.slice(0, 64)}"`;
}

/** What is well-formed of a definition that is not; of too many steps, none. */
function readLoosely(value: unknown): WorkflowShape {
  const steps = stepsOf(value);
  return {
    workflow_type: '',
    ...wellFormed(members, value),
    steps: steps.length > LIMITS.workflowSteps ? [] : steps.map(looseStep),
  };
}

function looseStep(value: unknown): StepShape {
  // Also a name with a fault is one that others may depend on.
  const { id, action } = isObject(value) ? value : {};
  return {
    ...wellFormed(stepMembers, value),
    ...(typeof id === 'string' && { id }),
    action: typeof action === 'string' ? action : '',
  };
}

/** The members of a value that their schemas take. */
function wellFormed<Members extends z.ZodRawShape>(
  schemas: Members,
  value: unknown,
): Partial<z.output<z.ZodObject<Members>>> {
  const found: Record<string, unknown> = {};
  for (const [key, schema] of Object.entries(schemas)) {
    const read = z.safeParse(schema, isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined);
    if (read.success && read.data !== undefined) found[key] = read.data;
  }
  // Each member was read by its own schema.
  return found as Partial<z.output<z.ZodObject<Members>>>;
}

function stepsOf(value: unknown): readonly unknown[] {
  const steps = isObject(value) ? value['steps'] : undefined;
  return Array.isArray(steps) ? steps : [];
}

/** Names the step that a fault is in, and what of it. */
function whereOf(path: readonly PropertyKey[], names: readonly string[]): string {
  const [first, at, ...rest] = path;
  if (first !== 'steps' || typeof at !== 'number') {
    return path.length > 0 ? path.map(String).join('.') : 'the definition';
  }
  const where = names[at] ?? `step ${at + 1}`;
  return rest.length > 0 ? `${where}, ${rest.map(String).join('.')}` : where;
}
