// Addresses of the resources.

export const INBOX_URI = 'agora://inbox';
export const AGENTS_URI = 'agora://agents';
export const WORKFLOW_URI = 'agora://workflow/{id}';

/** The address of a workflow. */
export function workflowUri(id: string): string {
  return WORKFLOW_URI.replace('{id}', id);
}
