// A dependency graph as rows: what was asked (never changes), how far it is, and one row a step.

import { t, table } from 'spacetimedb/server';

/** What was asked; never changed. */
export const workflow = table(
  {},
  {
    id: t.string().primaryKey(),
    initiator: t.u64(),
    type: t.string(),
    definition: t.string(),
    /** Agent ids of the participants. */
    participants: t.array(t.u64()),
    priority: t.u8(),
    createdAt: t.i64(),
    /** The step of another workflow that this one is, or 0; and that one's inputs as JSON, or empty. */
    parentStep: t.u64().default(0n),
    inputs: t.string().default(''),
    /** What the messages that it sends have for headers: JSON, or empty. */
    headers: t.string().default(''),
  },
);

/** The one row that is followed live. */
export const workflowState = table(
  {},
  {
    id: t.string().primaryKey(),
    type: t.string(),
    status: t.string(),
    total: t.u32(),
    ended: t.u32(),
    reason: t.string(),
    startedAt: t.i64(),
    endedAt: t.i64(),
    version: t.u32(),
    /** While it is compensated: how it will have ended. */
    outcome: t.string().default(''),
    /** Whether it was paused with the workflow that it is a step of, and goes on with it. */
    pausedWith: t.bool().default(false),
  },
);

/** Steps are found by (workflow, position); positions are dense, 0 to total - 1. */
export const step = table(
  { indexes: [{ accessor: 'byPosition', algorithm: 'btree', columns: ['workflow', 'position'] }] },
  {
    id: t.u64().primaryKey().autoInc(),
    workflow: t.string(),
    position: t.u32(),
    name: t.string(),
    agent: t.u64(),
    agentName: t.string(),
    action: t.string(),
    requirements: t.string(),
    /** Positions of the steps this one waits for, and of those that wait for it. */
    dependencies: t.array(t.u32()),
    dependents: t.array(t.u32()),
    /** How many of the dependencies have not ended. */
    unmet: t.u32(),
    state: t.string(),
    message: t.string(),
    attempt: t.u32(),
    output: t.string(),
    error: t.string(),
    startedAt: t.i64(),
    endedAt: t.i64(),
    /** How many of the dependencies have ended well. */
    met: t.u32().default(0),
    /** How often it was assigned. */
    tries: t.u32().default(0),
    /** While it is ready: when it is tried again, or until when somebody has to agree. */
    dueAt: t.i64().default(0n),
    /** `StepSpec` as JSON. */
    spec: t.string().default(''),
    /** When it ended, among the steps of its workflow: 1 for the first. */
    order: t.u32().default(0),
    /** Whether somebody has to agree before it is given out: `asked` (of `approver`, by `message`), `approved`, or empty. */
    approval: t.string().default(''),
    approver: t.u64().default(0n),
    /** What undoes it: `running` (by `undoMessage`), `done`, `failed`, or empty. */
    undo: t.string().default(''),
    undoMessage: t.string().default(''),
    /** Of a step that is done for each element: where its children begin, how many there are, were given out, have ended. */
    firstChild: t.u32().default(0),
    children: t.u32().default(0),
    given: t.u32().default(0),
    done: t.u32().default(0),
    /** Of a child: one more than the position of its parent, and its element as JSON. */
    parent: t.u32().default(0),
    element: t.string().default(''),
  },
);

/** What of a step is as it begins. */
export const UNTOUCHED = {
  order: 0,
  approval: '',
  approver: 0n,
  undo: '',
  undoMessage: '',
  firstChild: 0,
  children: 0,
  given: 0,
  done: 0,
  parent: 0,
  element: '',
} as const;

/** Who follows a workflow live. */
export const workflowWatch = table(
  {},
  {
    id: t.u64().primaryKey().autoInc(),
    watcher: t.identity().index('btree'),
    workflow: t.string().index('btree'),
  },
);
