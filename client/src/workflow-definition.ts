// What a workflow is to be: the data that is sent, checked for its shape. The hub checks all the rest.

import { z } from 'zod';
import { AgoraError } from './errors.ts';

const step = z.strictObject({
  /** By default its action. */
  id: z.string().optional(),
  agent: z.string(),
  action: z.string(),
  requirements: z.record(z.string(), z.unknown()).optional(),
  /** Ids or actions of steps that have to end first. */
  depends_on: z.array(z.string()).optional(),
  dependsOn: z.array(z.string()).optional(),
});

/** The shape of a workflow's definition: keys as the hub has them (`depends_on`), or in camelCase. */
export const workflowDefinitionSchema = z.strictObject({
  workflow_type: z.string().optional(),
  workflowType: z.string().optional(),
  /** By default the agents of the steps. */
  participants: z.array(z.string()).optional(),
  steps: z.array(step).min(1),
  metadata: z.record(z.string(), z.unknown()).optional(),
  /** Of the messages that assign its steps. */
  priority: z.number().int().min(1).max(4).optional(),
});

/** A workflow as whoever starts it writes it. */
export type WorkflowDefinition = z.input<typeof workflowDefinitionSchema>;

/** The definition as the hub takes it. Throws `workflow/bad-definition`, with the path of every fault. */
export function definitionText(definition: WorkflowDefinition): string {
  const { success, data, error } = workflowDefinitionSchema.safeParse(definition);
  if (!success) {
    const faults = error.issues.map(({ path, message }) => `${path.join('.') || 'the definition'}: ${message}`);
    throw new AgoraError('workflow/bad-definition', faults.join('; '));
  }
  const { workflow_type, workflowType = workflow_type, steps, ...rest } = data;
  return JSON.stringify({
    workflow_type: workflowType,
    ...rest,
    steps: steps.map(({ depends_on, dependsOn = depends_on, ...others }) => ({ ...others, depends_on: dependsOn })),
  });
}
