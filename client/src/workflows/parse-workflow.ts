// The public function that reads a definition. Apart from the check, which a page loads on first use.

import type { WorkflowDefinition } from './workflow-definition.ts';

/**
 * Reads a definition from YAML or JSON. Throws `workflow/bad-definition` with every fault.
 *
 * @example
 * ```ts
 * const definition = await parseWorkflow(`
 * workflow_type: review
 * steps:
 *   - { agent: Writer, action: write }
 *   - { agent: Editor, action: edit, depends_on: [write] }
 * `);
 * await client.startWorkflowCoordination(definition);
 * ```
 */
export async function parseWorkflow(text: string): Promise<WorkflowDefinition> {
  const { definitionText, readDefinition } = await import('./workflow-definition.ts');
  const { definition, faults, located } = await readDefinition(text);
  definitionText(definition, { more: faults, located });
  return definition as WorkflowDefinition; // `definitionText` has checked its shape
}
