// What outsiders may take of workflows: the schema of a definition, and the check of one, with the module's own rules.

export { checkDefinition, sentenceOf, type Checked, type Known } from './check.ts';
export { workflowShape } from './definition.ts';
