// Public entry: the schema of a workflow definition, and the check that the hub applies to one.

export { checkDefinition, sentenceOf, type Checked, type Known } from './check.ts';
export { workflowShape } from './definition.ts';
