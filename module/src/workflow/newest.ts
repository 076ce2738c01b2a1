// The newest workflows of the hub. Their events are public, so every member of the hub may list them.

import type { Ctx } from '../schema.ts';
import { newestPage } from '../time/newest.ts';

/** Which workflows a page shows; empty means any. */
export interface WorkflowFilter {
  readonly status: string;
  /** A part of the id, the type or the name of the initiator, in any case. */
  readonly text: string;
}

/** Returns the workflows that were created before a time and match a filter, newest first. */
export function workflowsBefore(
  db: Ctx['db'],
  page: { before: bigint; limit: number },
  { status, text }: WorkflowFilter,
) {
  const wanted = text.toLowerCase();
  return newestPage(
    range => db.workflow.createdAt.filter(range),
    row => row.createdAt,
    page,
    ({ id, type, initiatorName: initiator, parentStep, forkOf }) => {
      if (wanted !== '' && ![id, type, initiator].some(each => each.toLowerCase().includes(wanted))) return undefined;
      const state = db.workflowState.id.find(id);
      if (!state || (status !== '' && state.status !== status)) return undefined;
      const parent = parentStep === 0n ? '' : (db.step.id.find(parentStep)?.workflow ?? '');
      const { total, ended, startedAt, endedAt } = state;
      const [fork = ''] = forkOf.split(' ');
      return { id, type, status: state.status, initiator, parent, fork, total, ended, startedAt, endedAt };
    },
  );
}
