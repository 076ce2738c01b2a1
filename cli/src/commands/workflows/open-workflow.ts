// Opens a workflow by its id, or by the first characters of the id of one that the caller watches.

import type { AgoraClient, WorkflowHandle } from '@agora/client';
import { CliError, EXIT } from '../../base/cli-error.ts';

const FULL_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Returns the handle of a workflow. Throws `cli/usage` if several ids begin with `typed`. */
export async function openWorkflow(client: AgoraClient, typed: string): Promise<WorkflowHandle> {
  if (FULL_ID.test(typed)) return client.workflow(typed);
  const all = await client.queryCoordinationData({ type: 'workflows' });
  const found = all.map(each => each.workflowId).filter(id => id.startsWith(typed.toLowerCase()));
  if (found.length > 1) {
    throw new CliError('cli/usage', `Several ids begin with ${typed}: ${found.slice(0, 5).join(', ')}.`, EXIT.usage);
  }
  // The hub refuses an unknown id with its code.
  return client.workflow(found[0] ?? typed);
}
