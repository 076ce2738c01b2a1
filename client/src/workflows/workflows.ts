// Workflows: started, followed, and their steps handled.

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
import type { Agents } from '../agents/agents.ts';
import type { AgoraEvent } from '../events/agora-event.ts';
import type { Connection } from '../connection/connection.ts';
import { AgoraError, toAgoraError } from '../base/errors.ts';
import type { Events } from '../events/events.ts';
import { LiveQuery } from '../connection/live-query.ts';
import { untilAborted } from '../base/waiting.ts';
import { createId } from '../base/create-id.ts';
import { dateOf, dateOrNone, microsOf } from '../base/micros.ts';
import { definitionText, type WorkflowDefinition } from './workflow-definition.ts';
import {
  WorkflowHandle,
  type WorkflowSource,
  type WorkflowStep,
  type WorkflowSummary,
  type WorkflowWait,
} from './workflow-handle.ts';

type Row = Parameters<Parameters<DbConnection['db']['myWorkflows']['onInsert']>[0]>[1];

/** How often a workflow is asked for that another program of the same identity lets go of meanwhile. */
const FOLLOW_TRIES = 8;

/** What workflows need of their client. */
export interface WorkflowParts {
  readonly connection: Connection;
  readonly acts: Acts;
  readonly events: Events;
  readonly agents: Pick<Agents, 'find'>;
  readonly initiator: () => bigint;
}

/** Starts workflows, and keeps the handles of those that are followed up to date. */
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
        db.db.myWorkflows.onDelete((_, row) => this.#letGo(row.id));
      },
    });
  }

  /** Starts a workflow. Throws `workflow/bad-definition` that names every fault. */
  async start(definition: WorkflowDefinition): Promise<WorkflowHandle> {
    const text = await this.#textOf(definition);
    const agent = this.#parts.initiator();
    const id = createId();
    await Promise.all([
      this.#query.open(),
      this.#perform({ tag: 'StartWorkflow', value: { id, agent, definition: text } }),
    ]);
    return this.#handle(id);
  }

  /** Where there are faults, who is unknown is told with them, so that nobody mends them in two rounds. */
  async #textOf(definition: WorkflowDefinition): Promise<string> {
    try {
      return definitionText(definition);
    } catch (error) {
      const agents = await this.#parts.agents.find({}).catch(() => undefined);
      if (!agents) throw error;
      const names = new Set(agents.map(({ name }) => name));
      return definitionText(definition, { isAgent: name => names.has(name), isCapability: () => true });
    }
  }

  /** Follows a workflow that was started before, or by somebody else. */
  async follow(id: string): Promise<WorkflowHandle> {
    await this.#query.open();
    for (let tries = 1; tries < FOLLOW_TRIES; tries++) {
      await this.#watch(id);
      const handle = await this.#find(id);
      // Without one, another program of this identity let go of it in between, which counts for all of them.
      if (handle) return handle;
    }
    await this.#watch(id);
    return this.#handle(id);
  }

  /** The summaries of the workflows that are followed, in the order of their start. */
  async find(status: WorkflowStatus | undefined): Promise<WorkflowSummary[]> {
    await this.#query.open();
    const session = await this.#parts.connection.ready();
    const all = [...session.db.db.myWorkflows.iter()].map(summaryOf);
    all.sort((a, b) => a.startedAt.getTime() - b.startedAt.getTime());
    return status === undefined ? all : all.filter(each => each.status === status);
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
          state: row.state as StepState, // the module stores no other words
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
        // The module stores no other words.
        const known = { state: state as StepState, waitsFor: waitsFor as WaitReason };
        waits.push({ step: name, ...known, whom, until: dateOrNone(until) });
      }
      if (rows.length < LIMITS.page) return waits;
      // The hub counts positions, and a page skips steps that have ended: the next begins behind the last it named.
      const last = (await this.steps(workflow)).find(each => each.name === rows.at(-1)?.name);
      if (!last) return waits;
      from = last.position + 1;
    }
  }

  approve(workflow: string, step: string, comment: string): Promise<void> {
    return this.#parts.connection.call('approve_step', db => db.reducers.approveStep({ workflow, step, comment }));
  }

  reject(workflow: string, step: string, comment: string): Promise<void> {
    return this.#parts.connection.call('reject_step', db => db.reducers.rejectStep({ workflow, step, comment }));
  }

  /** Runs a workflow that has ended once more from a step on. */
  async fork(workflow: string, step: string): Promise<WorkflowHandle> {
    const agent = this.#parts.initiator();
    const id = createId();
    await this.#parts.connection.call('fork_workflow', db => db.reducers.forkWorkflow({ workflow, id, agent, step }));
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
    return this.#parts.connection.call('retry_step', db => db.reducers.retryStep({ workflow, step }));
  }

  /** An ended workflow was let go of; it goes on, and so does its handle. */
  async followAgain(handle: WorkflowHandle): Promise<WorkflowSummary> {
    const again = await this.follow(handle.workflowId);
    const handles = this.#handles.get(handle.workflowId);
    handles?.add(handle).delete(again);
    return again.status();
  }

  async *events(id: string, since: Date, signal: AbortSignal | undefined): AsyncIterable<AgoraEvent> {
    const from = await untilAborted(signal, this.#parts.events.firstSince(microsOf(since)));
    // What waits is bounded: a subscription reads on from the kept log, page by page, as its events are taken.
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

  /** Nobody will hear of the end of any workflow here. */
  close(error: Error): void {
    for (const handles of this.#handles.values()) for (const handle of handles) handle.fail(error);
    this.#handles.clear();
  }

  async #handle(id: string): Promise<WorkflowHandle> {
    const handle = await this.#find(id);
    if (handle) return handle;
    throw new AgoraError('workflow/unknown', `workflow ${id} is not among those that may be followed here`);
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

  /** Another program of this identity follows it no more, which counts for all of them: whoever still does says so again. */
  #letGo(workflow: string): void {
    if (!this.#handles.get(workflow)?.size) return;
    this.#watch(workflow).catch((error: unknown) => this.#parts.connection.warn(toAgoraError(error)));
  }

  /** An ended workflow changes no more, and each that is followed makes every change of the others dearer. */
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

  /** Goes with whatever else is done in this tick: all that start or end together cost the view of them one computation. */
  #perform(act: Act): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#parts.acts.perform(act, error => (error ? reject(error) : resolve()));
    });
  }
}

function summaryOf(row: Row): WorkflowSummary {
  return {
    workflowId: row.id,
    type: row.type,
    status: row.status as WorkflowStatus, // the module stores no other words
    total: row.total,
    ended: row.ended,
    reason: row.reason,
    startedAt: dateOf(row.startedAt),
    endedAt: dateOrNone(row.endedAt),
  };
}
