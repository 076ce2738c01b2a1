// Workflows: starting, watching, and control.

import type { DbConnection } from '@agora/bindings';
import {
  isWorkflowEnd,
  LIMITS,
  WORKFLOW_EVENT_TYPES,
  type StepState,
  type UndoState,
  type WaitReason,
  type WorkflowStatus,
} from '@agora/module/contract';
import type { Act, Acts } from '../acts/acts.ts';
import { fenceOf, type FenceOption } from '../acts/fence.ts';
import type { AgentInfo, Agents } from '../agents/agents.ts';
import type { AgoraEvent } from '../events/agora-event.ts';
import type { Connection } from '../connection/connection.ts';
import { AgoraError, toAgoraError } from '../base/errors.ts';
import type { Events } from '../events/events.ts';
import { LiveQuery } from '../connection/live-query.ts';
import { untilAborted, type WaitOptions } from '../base/waiting.ts';
import { createId } from '../base/create-id.ts';
import { withSuggestion } from '../base/nearest-names.ts';
import { dateOf, dateOrNone, microsOf } from '../base/micros.ts';
import { listWorkflows, type ListedWorkflow, type WorkflowListRequest } from './workflow-list.ts';
import type { DefinitionCheck, definitionText, knownNames, WorkflowDefinition } from './workflow-definition.ts';
import {
  WorkflowHandle,
  type WorkflowSource,
  type WorkflowStep,
  type WorkflowSummary,
  type WorkflowWait,
} from './workflow-handle.ts';

type Row = Parameters<Parameters<DbConnection['db']['myWorkflows']['onInsert']>[0]>[1];

/** Attempts to watch a workflow that another program of the same identity unwatches at the same time. */
const MAX_WATCH_ATTEMPTS = 8;

/** Refusals of a step that may not exist. */
const OF_STEPS = new Set<string>(['workflow/unknown-step', 'workflow/no-approval']);

/** Options of `startWorkflowCoordination`. */
export interface StartOptions extends WaitOptions, FenceOption {
  /** A UUIDv7 of the caller (`createId()`), which makes the start idempotent: the hub accepts an id once. */
  readonly id?: string | undefined;
  /** Members that are added to the metadata of the definition. */
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
}

/** The functions for definitions, which are loaded on first use. */
export interface Definitions {
  readonly definitionText: typeof definitionText;
  readonly knownNames: typeof knownNames;
}

/** The parts of the client that workflows need. */
export interface WorkflowParts {
  readonly connection: Connection;
  readonly acts: Acts;
  readonly events: Events;
  readonly agents: Pick<Agents, 'find'>;
  readonly initiator: () => bigint;
}

/** Starts workflows, and updates the handles of those that are watched. */
export class Workflows implements WorkflowSource {
  readonly #parts: WorkflowParts;
  readonly #query: LiveQuery;
  readonly #handles = new Map<string, Set<WorkflowHandle>>();

  constructor(parts: WorkflowParts) {
    this.#parts = parts;
    this.#query = new LiveQuery(parts.connection, {
      query: 'SELECT * FROM my_workflows',
      listen: db => {
        db.db.myWorkflows.onInsert((_, row) => this.#changed(row));
        db.db.myWorkflows.onUpdate((_, _old, row) => this.#changed(row));
        db.db.myWorkflows.onDelete((_, row) => this.#unwatched(row.id));
      },
    });
  }

  /** Starts a workflow. Throws `workflow/bad-definition` with every fault, and the given ones. */
  async start(
    definition: WorkflowDefinition,
    given: Omit<DefinitionCheck, 'known'> & Pick<StartOptions, 'id' | 'claim'>,
    { definitionText, knownNames }: Definitions,
  ): Promise<WorkflowHandle> {
    const { claim } = given;
    const fence = claim && fenceOf(claim);
    const check = (agents?: readonly AgentInfo[], known = knownNames(agents)) =>
      definitionText(definition, { ...given, known });
    const text = await this.#explained(check, () => Promise.resolve(check()));
    const agent = this.#parts.initiator();
    const id = given.id ?? createId();
    await this.#explained(check, () =>
      Promise.all([
        this.#query.open(),
        this.#perform({ tag: 'StartWorkflow', value: { id, agent, definition: text } }, fence),
      ]),
    );
    // A repeated start may find the workflow ended, and no longer watched.
    return given.id === undefined ? this.#handle(id) : ((await this.#find(id)) ?? this.follow(id));
  }

  /** Reports all faults of a definition together, with unknown agents and capabilities, and the near names. */
  async #explained<T>(check: (agents: readonly AgentInfo[]) => string, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof AgoraError) || error.code !== 'workflow/bad-definition') throw error;
      const agents = await this.#parts.agents.find({}).catch(() => undefined);
      if (!agents) throw error;
      check(agents);
      throw error;
    }
  }

  /** Watches a workflow that was started before, or by another agent. */
  async follow(id: string): Promise<WorkflowHandle> {
    try {
      return await this.#follow(id);
    } catch (error) {
      if (toAgoraError(error).code !== 'workflow/unknown') throw error;
      throw await withSuggestion(error, id, async () => (await this.find(undefined)).map(each => each.workflowId));
    }
  }

  async #follow(id: string): Promise<WorkflowHandle> {
    await this.#query.open();
    for (let tries = 1; tries < MAX_WATCH_ATTEMPTS; tries++) {
      await this.#watch(id);
      const handle = await this.#find(id);
      // Without a handle, another program of this identity has unwatched it, which counts for the whole identity.
      if (handle) return handle;
    }
    await this.#watch(id);
    return this.#handle(id);
  }

  /** Returns the summaries of the watched workflows, in the order of their start. */
  async find(status: WorkflowStatus | undefined): Promise<WorkflowSummary[]> {
    await this.#query.open();
    const session = await this.#parts.connection.ready();
    const all = [...session.db.db.myWorkflows.iter()].map(summaryOf);
    all.sort((a, b) => a.startedAt.getTime() - b.startedAt.getTime());
    return status === undefined ? all : all.filter(each => each.status === status);
  }

  /** Yields the workflows of the hub. */
  list(request: WorkflowListRequest): AsyncIterable<ListedWorkflow> {
    return listWorkflows(this.#parts.connection, request);
  }

  async steps(workflow: string): Promise<WorkflowStep[]> {
    const steps: WorkflowStep[] = [];
    for (let from = 0; ; from += LIMITS.page) {
      const rows = await this.#parts.connection.call('workflow_steps', db =>
        db.procedures.workflowSteps({ workflow, from, limit: LIMITS.page }),
      );
      for (const row of rows) {
        steps.push({
          position: row.position,
          name: row.name,
          agent: row.agent,
          action: row.action,
          state: row.state as StepState, // the module stores only these words
          attempt: row.attempt,
          tries: row.tries,
          output: row.output === '' ? undefined : (JSON.parse(row.output) as unknown),
          error: row.error === '' ? undefined : row.error,
          startedAt: dateOrNone(row.startedAt),
          endedAt: dateOrNone(row.endedAt),
          compensation: row.undo === '' ? undefined : (row.undo as UndoState),
          nestedWorkflowId: row.nested === '' ? undefined : row.nested,
          dependencies: row.dependencies,
          parent: row.parent === 0 ? undefined : row.parent - 1,
        });
      }
      if (rows.length < LIMITS.page) return steps;
    }
  }

  async waits(workflow: string): Promise<WorkflowWait[]> {
    const waits: WorkflowWait[] = [];
    for (let from = 0; ;) {
      const rows = await this.#parts.connection.call('why_waiting', db =>
        db.procedures.whyWaiting({ workflow, from, limit: LIMITS.page }),
      );
      for (const { name, state, waitsFor, whom, until } of rows) {
        // The module stores only these words.
        const known = { state: state as StepState, waitsFor: waitsFor as WaitReason };
        waits.push({ step: name, ...known, whom, until: dateOrNone(until) });
      }
      if (rows.length < LIMITS.page) return waits;
      // Pages go by position and skip ended steps, so the next page starts after the last returned step.
      const last = (await this.steps(workflow)).find(each => each.name === rows.at(-1)?.name);
      if (!last) return waits;
      from = last.position + 1;
    }
  }

  approve(workflow: string, step: string, comment: string): Promise<void> {
    const { connection } = this.#parts;
    return this.#ofStep(workflow, step, () =>
      connection.call('approve_step', db => db.reducers.approveStep({ workflow, step, comment })),
    );
  }

  reject(workflow: string, step: string, comment: string): Promise<void> {
    const { connection } = this.#parts;
    return this.#ofStep(workflow, step, () =>
      connection.call('reject_step', db => db.reducers.rejectStep({ workflow, step, comment })),
    );
  }

  /** Performs a call about a step; the refusal of an unknown one has the near names. */
  async #ofStep(workflow: string, step: string, call: () => Promise<void>): Promise<void> {
    try {
      await call();
    } catch (error) {
      if (!OF_STEPS.has(toAgoraError(error).code)) throw error;
      throw await withSuggestion(error, step, async () => (await this.steps(workflow)).map(({ name }) => name));
    }
  }

  /** Starts a copy of an ended workflow that repeats it from a step on. */
  async fork(workflow: string, step: string): Promise<WorkflowHandle> {
    const agent = this.#parts.initiator();
    const id = createId();
    const { connection } = this.#parts;
    await this.#ofStep(workflow, step, () =>
      connection.call('fork_workflow', db => db.reducers.forkWorkflow({ workflow, id, agent, step })),
    );
    return this.#handle(id);
  }

  pause(workflow: string): Promise<void> {
    return this.#parts.connection.call('pause_workflow', db => db.reducers.pauseWorkflow({ workflow }));
  }

  resume(workflow: string): Promise<void> {
    return this.#parts.connection.call('resume_workflow', db => db.reducers.resumeWorkflow({ workflow }));
  }

  cancel(workflow: string, reason: string): Promise<void> {
    return this.#parts.connection.call('cancel_workflow', db => db.reducers.cancelWorkflow({ workflow, reason }));
  }

  retryStep(workflow: string, step: string): Promise<void> {
    const { connection } = this.#parts;
    return this.#ofStep(workflow, step, () =>
      connection.call('retry_step', db => db.reducers.retryStep({ workflow, step })),
    );
  }

  /** Watches a workflow again that had ended and continues now. */
  async followAgain(handle: WorkflowHandle): Promise<WorkflowSummary> {
    const again = await this.follow(handle.workflowId);
    const handles = this.#handles.get(handle.workflowId);
    handles?.add(handle).delete(again);
    return again.status();
  }

  async *events(id: string, since: Date, signal: AbortSignal | undefined): AsyncIterable<AgoraEvent> {
    const from = await untilAborted(signal, this.#parts.events.firstSince(microsOf(since)));
    // The buffer is bounded: the subscription reads the stored log page by page while the loop takes events.
    await using events = await this.#parts.events.subscribe(WORKFLOW_EVENT_TYPES, { from: Number(from) });
    const aborted = () => void events.close();
    signal?.addEventListener('abort', aborted);
    try {
      if (signal?.aborted) aborted();
      for await (const event of events) {
        if (event.data['workflow_id'] !== id) continue;
        yield event;
        signal?.throwIfAborted();
        if (isWorkflowEnd(event.type)) return;
      }
      signal?.throwIfAborted();
    } finally {
      signal?.removeEventListener('abort', aborted);
    }
  }

  async closed(handle: WorkflowHandle): Promise<void> {
    const { workflowId } = handle;
    const handles = this.#handles.get(workflowId);
    if (!handles?.delete(handle) || handles.size > 0) return;
    await this.#unwatch(workflowId);
  }

  warn(error: AgoraError): void {
    this.#parts.connection.warn(error);
  }

  /** Rejects all waiting calls of handles. */
  close(error: Error): void {
    for (const handles of this.#handles.values()) for (const handle of handles) handle.fail(error);
    this.#handles.clear();
  }

  async #handle(id: string): Promise<WorkflowHandle> {
    const handle = await this.#find(id);
    if (handle) return handle;
    throw new AgoraError('workflow/unknown', `workflow ${id} does not exist, or this client may not watch it`);
  }

  async #find(id: string): Promise<WorkflowHandle | undefined> {
    const session = await this.#parts.connection.ready();
    for (const row of session.db.db.myWorkflows.iter()) {
      if (row.id !== id) continue;
      const handle = new WorkflowHandle(summaryOf(row), this);
      const handles = this.#handles.get(id) ?? new Set();
      this.#handles.set(id, handles.add(handle));
      if (row.endedAt > 0n) this.#ended(id);
      return handle;
    }
    return undefined;
  }

  #watch(workflow: string): Promise<void> {
    return this.#parts.connection.call('watch_workflow', db => db.reducers.watchWorkflow({ workflow }));
  }

  #changed(row: Row): void {
    const handles = this.#handles.get(row.id);
    if (!handles) return;
    const summary = summaryOf(row);
    for (const handle of handles) handle.update(summary);
    if (summary.endedAt) this.#ended(row.id);
  }

  /** Another program of this identity has unwatched it, which counts for the whole identity: watches it again if needed. */
  #unwatched(workflow: string): void {
    if (!this.#handles.get(workflow)?.size) return;
    this.#watch(workflow).catch((error: unknown) => this.#parts.connection.warn(toAgoraError(error)));
  }

  /** Unwatches an ended workflow: each watched one makes every change of the others more expensive. */
  #ended(id: string): void {
    this.#unwatch(id).catch((error: unknown) => {
      if (this.#parts.connection.state !== 'closed') this.#parts.connection.warn(toAgoraError(error));
    });
  }

  async #unwatch(workflow: string): Promise<void> {
    this.#handles.delete(workflow);
    if (this.#parts.connection.state === 'closed') return;
    await this.#perform({ tag: 'UnwatchWorkflow', value: { workflow } });
  }

  /** Performs an act with all other acts of the tick: workflows that start or end together cost one update of the view. */
  #perform(act: Act, fence?: Act): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#parts.acts.perform(act, error => (error ? reject(error) : resolve()), { kept: false, fence });
    });
  }
}

function summaryOf(row: Row): WorkflowSummary {
  return {
    workflowId: row.id,
    type: row.type,
    status: row.status as WorkflowStatus, // the module stores only these words
    total: row.total,
    ended: row.ended,
    reason: row.reason,
    startedAt: dateOf(row.startedAt),
    endedAt: dateOrNone(row.endedAt),
  };
}
