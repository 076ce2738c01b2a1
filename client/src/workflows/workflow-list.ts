// The list of all workflows of a hub, read in pages.

import { LIMITS, type WorkflowStatus } from '@agora/module/contract';
import { checkKeys } from '../base/known-keys.ts';
import { dateOf, dateOrNone } from '../base/micros.ts';
import type { Connection } from '../connection/connection.ts';

/** Filters of `listWorkflows`. */
export interface WorkflowListRequest {
  readonly status?: WorkflowStatus | undefined;
  /** A part of the id, the type or the name of the initiator, in any case. */
  readonly text?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A workflow in a list of the whole hub. */
export interface ListedWorkflow {
  readonly workflowId: string;
  readonly type: string;
  readonly status: WorkflowStatus;
  readonly initiator: string;
  /** The outer workflow of a nested one, and the original of a fork. */
  readonly parentId: string | undefined;
  readonly forkOf: string | undefined;
  /** Steps and elements, and those that have ended. */
  readonly total: number;
  readonly ended: number;
  readonly startedAt: Date;
  readonly endedAt: Date | undefined;
}

/** Yields the workflows of the hub, newest first, page by page. */
export async function* listWorkflows(
  connection: Connection,
  request: WorkflowListRequest,
): AsyncGenerator<ListedWorkflow, void> {
  checkKeys('the request of listWorkflows()', request, { status: true, text: true, signal: true });
  const { status = '', text = '', signal } = request;
  for (let before = 0n; ;) {
    const page = await connection.call(
      'list_workflows',
      db => db.procedures.listWorkflows({ before, limit: LIMITS.page, status, text }),
      signal,
    );
    for (const { id: workflowId, parent, fork, status: state, startedAt, endedAt, ...row } of page.rows) {
      yield {
        ...{ workflowId, ...row, status: state as WorkflowStatus }, // the module stores only these words
        parentId: parent === '' ? undefined : parent,
        forkOf: fork === '' ? undefined : fork,
        startedAt: dateOf(startedAt),
        endedAt: dateOrNone(endedAt),
      };
      signal?.throwIfAborted();
    }
    if (page.next === 0n) return;
    before = page.next;
  }
}
