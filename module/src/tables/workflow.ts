// Workflows as rows: the definition, which never changes, the summary, and one row a step.

import { t, table } from 'spacetimedb/server';

/** Definition of a workflow; never changed. */
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
    createdAt: t.i64().index('btree'),
    /** The step of an outer workflow that this one is, and the inputs of that step as JSON; else 0 and empty. */
    parentStep: t.u64().default(0n),
    inputs: t.string().default(''),
    /** Headers of the messages that it sends: JSON, or empty. */
    headers: t.string().default(''),
    initiatorName: t.string().default(''),
    /** True if a step is a workflow. */
    hasNested: t.bool().default(false),
    /** Of a fork: the id of the original and the name of the first step, joined by a space; else empty. */
    forkOf: t.string().default(''),
  },
);

/** State of a workflow; subscribers follow its first columns in `myWorkflows`. */
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
    /** The status that it will have after its compensation; empty before. */
    outcome: t.string().default(''),
    /** True if it was paused with its outer workflow, and resumes with it. */
    pausedWith: t.bool().default(false),
    /** Ends of steps so far: the last `order`. */
    ends: t.u32().default(0),
    /** Queue of jobs (`job.ts`), and the time of the timer that continues it; else empty and 0. */
    jobs: t.string().default(''),
    continueAt: t.i64().default(0n),
    /** Compensation: the next `order` to undo, the position of the step that is being undone + 1, and steps undone so far. */
    undoAt: t.u32().default(0),
    undoing: t.u32().default(0),
    undos: t.u32().default(0),
    /** Nested workflows of cancelled steps that have not ended. */
    cancelledNested: t.u32().default(0),
    /** Positions of steps that the limits of the initiator or of an inbox hold, when they are tried again, and tries that began none. */
    held: t.string().default(''),
    heldUntil: t.i64().default(0n),
    heldTries: t.u32().default(0),
  },
);

/** Steps and elements, read by (workflow, position); positions are dense, 0 to total - 1. */
export const step = table(
  {
    indexes: [
      { accessor: 'byPosition', algorithm: 'btree', columns: ['workflow', 'position'] },
      { accessor: 'byOrder', algorithm: 'btree', columns: ['workflow', 'order'] },
      { accessor: 'byName', algorithm: 'btree', columns: ['workflow', 'name'] },
    ],
  },
  {
    id: t.u64().primaryKey().autoInc(),
    workflow: t.string(),
    position: t.u32(),
    name: t.string(),
    agent: t.u64(),
    agentName: t.string(),
    action: t.string(),
    requirements: t.string(),
    /** Positions of the steps that this one depends on, and of those that depend on it. */
    dependencies: t.array(t.u32()),
    dependents: t.array(t.u32()),
    /** Dependencies that have not ended. */
    unmet: t.u32(),
    state: t.string(),
    message: t.string(),
    attempt: t.u32(),
    /** JSON, if it is short; else it is in `stepOutput`. */
    output: t.string(),
    error: t.string(),
    startedAt: t.i64(),
    endedAt: t.i64(),
    /** Dependencies that have ended well. */
    met: t.u32().default(0),
    /** Assignments so far. */
    tries: t.u32().default(0),
    /** Of a ready step: the time of its retry, or the deadline of its approval; else 0. */
    dueAt: t.i64().default(0n),
    /** `StepSpec` as JSON; empty in an element, which has the spec and the requirements of its parent. */
    spec: t.string().default(''),
    /** Rank of its end among those of its workflow, from 1 on; increasing, but not dense after a retry. */
    order: t.u32().default(0),
    /** Approval: `asked` (`approver`, by `message`), `approved`, or empty. */
    approval: t.string().default(''),
    approver: t.u64().default(0n),
    /** Compensation: one of `UNDO_STATES` (assigned by `undoMessage`), or empty. */
    undo: t.string().default(''),
    undoMessage: t.string().default(''),
    /** Of a `for_each` step: position of its first child, and its children: all, assigned, ended. */
    firstChild: t.u32().default(0),
    children: t.u32().default(0),
    given: t.u32().default(0),
    done: t.u32().default(0),
    /** Of a child: the position of its parent + 1, and its element as JSON. */
    parent: t.u32().default(0),
    element: t.string().default(''),
    /** Bytes of the output, if it is in `stepOutput`; else 0. */
    outputBytes: t.u32().default(0),
  },
);

/** Long outputs of steps, apart from the rows that all passes over a workflow read. */
export const stepOutput = table({}, { step: t.u64().primaryKey(), output: t.string() });

/** Open approval requests that their approver has seen; read when the approver is unregistered. */
export const seenRequest = table(
  { indexes: [{ accessor: 'byApprover', algorithm: 'btree', columns: ['approver', 'bucket'] }] },
  {
    step: t.u64().primaryKey(),
    approver: t.u64(),
    /** The step modulo 256, so that one look-up reads a small part of them. */
    bucket: t.u8(),
    message: t.string(),
  },
);

/** Initial values of columns of a state. */
export const IDLE = {
  ends: 0,
  jobs: '',
  continueAt: 0n,
  undoAt: 0,
  undoing: 0,
  undos: 0,
  cancelledNested: 0,
  held: '',
  heldUntil: 0n,
  heldTries: 0,
} as const;

/** Initial values of columns of a step. */
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
  outputBytes: 0,
} as const;

/** Subscriptions of identities to workflows. */
export const workflowWatch = table(
  {},
  {
    id: t.u64().primaryKey().autoInc(),
    watcher: t.identity().index('btree'),
    workflow: t.string().index('btree'),
    /** The agent that is charged for it: the initiator. */
    agent: t.u64().default(0n),
  },
);
