// The shape of a workflow's definition: one schema for the module, which has the last word, and for clients, which tell faults
// before anything is sent. How steps hang together is checked by `rules.ts`.

import * as z from 'zod';
import { LIMITS, PRIORITY, SHORT_NAME } from '../contract.ts';

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
  max_backoff_ms: duration.default(60_000),
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
});

/** The step is done once for each element of a list that a dependency has returned. */
const forEach = z.strictObject({
  /** The id of the dependency. */
  step: z.string(),
  /** Where in its output the list is. */
  path: z.string().max(512).default(''),
  /** How many are under way at once; by default all. */
  concurrency: z.int().min(1).optional(),
});

/** How deep workflows may be nested. */
export const NESTING = 4;

const step = z
  .strictObject({
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
    /** How long one attempt may take, from its assignment on. */
    timeout_ms: duration.optional(),
    retries: retries.optional(),
    /** What its failure means: the end of the workflow, of what depends on it, or nothing (who depends on it is told). */
    on_failure: z.enum(['fail', 'skip', 'continue']).optional(),
    approval: approval.optional(),
    compensate: compensation.optional(),
    for_each: forEach.optional(),
    /** The definition of a workflow that this step is, in place of an agent. */
    workflow: json.optional(),
  })
  .refine(({ agent, capability }) => agent === undefined || capability === undefined, {
    message: 'name either an agent or a capability, not both',
  })
  .refine(({ agent, capability, workflow }) => workflow === undefined || (agent ?? capability) === undefined, {
    message: 'a step that is a workflow has no agent and no capability',
  })
  .refine(({ workflow, for_each: each }) => workflow === undefined || each === undefined, {
    message: 'a step that is a workflow cannot be done for each element',
  })
  .refine(
    ({ agent, capability, approval: asked, workflow }) => (agent ?? capability ?? asked ?? workflow) !== undefined,
    {
      message: 'name an agent, a capability, who has to approve, or a workflow',
    },
  );

/** The shape of a definition, with the keys of the wire. */
export const workflowShape = z.strictObject({
  workflow_type: shortName,
  /** Agents that take part and may look on; by default those of the steps. */
  participants: z.array(z.string()).optional(),
  steps: z.array(step).min(1).max(LIMITS.workflowSteps),
  metadata: json.optional(),
  priority: priority.optional(),
  /** When the whole of it fails, from its start on. */
  deadline_ms: duration.optional(),
});

/** A definition whose shape was checked. */
export type WorkflowShape = z.output<typeof workflowShape>;
/** A step whose shape was checked. */
export type StepShape = WorkflowShape['steps'][number];

/** Reads a definition: its shape, or every fault with the step it is in. */
export function readShape(value: unknown): { readonly shape: WorkflowShape } | { readonly faults: readonly string[] } {
  const read = workflowShape.safeParse(value);
  if (read.success) return { shape: read.data };
  return { faults: read.error.issues.map(({ path, message }) => `${whereOf(value, path)}: ${message}`) };
}

/** Names the step that a fault is in, and what of it. */
function whereOf(value: unknown, path: readonly PropertyKey[]): string {
  const [first, at, ...rest] = path;
  if (first !== 'steps' || typeof at !== 'number')
    return path.length > 0 ? path.map(String).join('.') : 'the definition';
  const named = z
    .object({ steps: z.array(z.object({ id: z.unknown(), action: z.unknown() }).partial().catch({})) })
    .safeParse(value);
  const found = named.data?.steps[at];
  const name = found?.id ?? found?.action;
  const where = typeof name === 'string' ? `step "${name.slice(0, 64)}"` : `step ${at + 1}`;
  return rest.length > 0 ? `${where}, ${rest.map(String).join('.')}` : where;
}
