// The shape of a workflow definition: one schema for the module, and for clients, which report faults before they send.
// `check.ts` checks how the steps depend on each other.

import * as z from 'zod';
import { LIMITS } from '../contract/limits.ts';
import { PRIORITY, SHORT_NAME } from '../contract/words.ts';
import { isObject } from '../text.ts';

/** Ends of a step that a condition may name. As an object, since the order of a union in the API report is not stable. */
const END_STATES = { succeeded: 'succeeded', failed: 'failed', timed_out: 'timed_out', skipped: 'skipped' } as const;

// SpacetimeDB's realm compiles no code from text.
z.config({ jitless: true });

const shortName = z.string().regex(SHORT_NAME, 'not a short name: letters, digits, _ . : / -, 64 at most');
const priority = z.int().min(PRIORITY.low).max(PRIORITY.critical);
const duration = z.int().min(1).max(LIMITS.workflowMs);
const json = z.record(z.string(), z.unknown());

/** Compares a value in the output of a dependency. */
const comparison = z.strictObject({
  /** Place in the output: member names and indexes joined by dots; empty for the whole output. */
  path: z.string().max(512).default(''),
  exists: z.boolean().optional(),
  equals: z.unknown().optional(),
  not_equals: z.unknown().optional(),
  greater_than: z.number().optional(),
  less_than: z.number().optional(),
});

/** A condition on one dependency; the step is skipped if it does not hold. */
const condition = z.strictObject({
  /** The id or the action of a dependency. */
  step: z.string(),
  status: z.enum(END_STATES).optional(),
  output: comparison.optional(),
});

const retries = z.strictObject({
  /** Retries after the first failure. */
  attempts: z.int().min(0).max(100),
  backoff_ms: duration.default(1_000),
  /** Default: a minute, or the first backoff if that is longer. */
  max_backoff_ms: duration.optional(),
  /** Random part that is added to the backoff: at most this fraction of it. */
  jitter: z.number().min(0).max(1).default(0),
});

/** An approval before the step is assigned; the only work of a step without agent, capability and workflow. */
const approval = z.strictObject({
  /** The approver, an agent. */
  by: z.string().min(1),
  timeout_ms: duration.optional(),
  /** The agent that is asked after the timeout; without it the step fails then, as if rejected. */
  escalate_to: z.string().min(1).optional(),
});

/** Work that undoes a succeeded step if the workflow ends badly later; by default for the agent or capability of the step. */
const compensation = z.strictObject({
  action: shortName,
  requirements: json.optional(),
  agent: z.string().min(1).optional(),
  capability: shortName.optional(),
  /** Time limit; without it, that of its delivery. */
  timeout_ms: duration.optional(),
});

/** Runs the step once for each element of a list that a dependency returned. */
const forEach = z.strictObject({
  /** The id or the action of the dependency. */
  step: z.string(),
  /** Place of the list in its output. */
  path: z.string().max(512).default(''),
  /** Elements that run at the same time; default: all. */
  concurrency: z.int().min(1).optional(),
});

/** Maximum depth of nested workflows. */
export const NESTING = 4;

const stepMembers = {
  /** Default: its action. */
  id: shortName.optional(),
  agent: z.string().min(1).optional(),
  /** Assigns the step to any agent with this capability, in place of `agent`. */
  capability: shortName.optional(),
  action: shortName,
  requirements: json.optional(),
  /** Ids or actions of the steps that it waits for. */
  depends_on: z.array(z.string()).optional(),
  /** How many of them must end well: all, the first (the others are cancelled), or a number. */
  join: z.union([z.enum(['all', 'any']), z.strictObject({ at_least: z.int().min(1) })]).optional(),
  when: condition.optional(),
  priority: priority.optional(),
  /** Time limit of one attempt from its assignment on; of a `for_each` step, of one attempt at one element. */
  timeout_ms: duration.optional(),
  /** Retries after a failure or timeout of the agent, in place of the five attempts of a delivery. */
  retries: retries.optional(),
  /** Effect of its failure: ends the workflow, skips its dependents, or none (dependents get its error). */
  on_failure: z.enum(['fail', 'skip', 'continue']).optional(),
  approval: approval.optional(),
  compensate: compensation.optional(),
  for_each: forEach.optional(),
  /** Definition of a workflow that runs as this step, in place of an agent. */
  workflow: json.optional(),
};

const bareStep = z.strictObject(stepMembers);

/** A step with a valid shape. */
export type StepShape = z.output<typeof bareStep>;

/** Members of a step that contradict each other, as sentences. */
export function contradictionsOf({ agent, capability, approval, compensate, for_each, workflow }: StepShape): string[] {
  const assignee = agent ?? capability;
  const faults: string[] = [];
  if (agent !== undefined && capability !== undefined) faults.push('name either an agent or a capability, not both');
  if (workflow && assignee !== undefined) faults.push('a step that is a workflow has no agent and no capability');
  if (workflow && for_each) faults.push('a step that is a workflow cannot have for_each');
  if ((assignee ?? approval ?? workflow) === undefined) {
    faults.push('name an agent, a capability, an approval, or a workflow');
  }
  if (for_each && assignee === undefined && !workflow)
    faults.push('a step with for_each needs an agent or a capability');
  if (compensate?.agent !== undefined && compensate.capability !== undefined) {
    faults.push('compensate may name an agent or a capability, not both');
  }
  if (compensate && (compensate.agent ?? compensate.capability ?? assignee) === undefined) {
    faults.push('compensate must name an agent or a capability, since the step has none');
  }
  return faults;
}

const step = bareStep.superRefine((value, context) => {
  for (const message of contradictionsOf(value)) context.addIssue({ code: 'custom', message });
});

const members = {
  workflow_type: shortName,
  /** Agents that may see the workflow, besides approvers and agents of compensations. Default: the agents of the steps. */
  participants: z.array(z.string()).optional(),
  metadata: json.optional(),
  /** Headers of every message that it sends, also of nested workflows. */
  headers: json.optional(),
  priority: priority.optional(),
  /** Time from its start after which the workflow fails. */
  deadline_ms: duration.optional(),
};

/** Schema of a definition, with the member names of the wire. */
export const workflowShape = z.strictObject({
  ...members,
  steps: z.array(step).min(1).max(LIMITS.workflowSteps),
});

const bareShape = z.strictObject({ ...members, steps: z.array(bareStep).min(1).max(LIMITS.workflowSteps) });

/** A definition with a valid shape. */
export type WorkflowShape = z.output<typeof bareShape>;

/** The readable part of a definition, and all faults of its shape with the step of each. */
export interface ReadShape {
  readonly shape: WorkflowShape;
  /** The name of each step in faults. */
  readonly names: readonly string[];
  readonly faults: readonly string[];
}

/** Reads the shape of a definition. Reads on after a fault, so that all faults are reported together. */
export function readShape(value: unknown): ReadShape {
  const read = bareShape.safeParse(value);
  const shape = read.data ?? readLoosely(value);
  const names = shape.steps.map(({ id, action }, at) => nameOf(id ?? action, at));
  const faults = (read.error?.issues ?? []).map(({ path, message }) => `${whereOf(path, names)}: ${message}`);
  shape.steps.forEach((each, at) => {
    // A step that is not an object has one fault only.
    if (read.success || isObject(stepsOf(value)[at])) {
      faults.push(...contradictionsOf(each).map(fault => `${names[at]}: ${fault}`));
    }
  });
  return { shape, names, faults };
}

/** The name of a step in faults; its number if it has no name. */
function nameOf(name: string, at: number): string {
  return name === '' ? `step ${at + 1}` : `step "${name.slice(0, 64)}"`;
}

/** The valid members of an invalid definition; without steps if there are too many. */
function readLoosely(value: unknown): WorkflowShape {
  const steps = stepsOf(value);
  return {
    workflow_type: '',
    ...wellFormed(members, value),
    steps: steps.length > LIMITS.workflowSteps ? [] : steps.map(looseStep),
  };
}

function looseStep(value: unknown): StepShape {
  // Other steps may depend on an invalid name.
  const { id, action } = isObject(value) ? value : {};
  return {
    ...wellFormed(stepMembers, value),
    ...(typeof id === 'string' && { id }),
    action: typeof action === 'string' ? action : '',
  };
}

/** The members of a value that are valid by their schemas. */
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

/** The place of a fault: its step and member. */
function whereOf(path: readonly PropertyKey[], names: readonly string[]): string {
  const [first, at, ...rest] = path;
  if (first !== 'steps' || typeof at !== 'number') {
    return path.length > 0 ? path.map(String).join('.') : 'the definition';
  }
  const where = names[at] ?? `step ${at + 1}`;
  return rest.length > 0 ? `${where}, ${rest.map(String).join('.')}` : where;
}
