// What a workflow is to be: the data that is sent, checked with the hub's own rules. Who there is, the hub knows.

import { checkDefinition, sentenceOf, workflowShape, type Known } from '@agora/module/workflow';
import type * as z from 'zod';
import { AgoraError, textOf } from '../base/errors.ts';
import { isObject } from '../base/is-object.ts';
import { withTrace, type TraceContext } from '../base/trace-context.ts';

type Camel<Key> = Key extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : Key;

/** The keys of an object as they are, or in camelCase; what is free JSON stays as it is. */
type EitherCase<T> = T extends readonly (infer Element)[]
  ? readonly EitherCase<Element>[]
  : T extends object
    ? string extends keyof T
      ? T
      : { [Key in keyof T]: EitherCase<T[Key]> } | { [Key in keyof T as Camel<Key>]: EitherCase<T[Key]> }
    : T;

type WireDefinition = z.input<typeof workflowShape>;
type WireStep = WireDefinition['steps'][number];

/** A step as whoever starts the workflow writes it: keys of the wire (`depends_on`), or in camelCase (`dependsOn`). */
export type WorkflowStepDefinition = EitherCase<WireStep>;

/** A workflow as whoever starts it writes it: keys of the wire (`workflow_type`), or in camelCase (`workflowType`). */
export type WorkflowDefinition = EitherCase<Omit<WireDefinition, 'steps'>> & {
  readonly steps: readonly WorkflowStepDefinition[];
};

/** The schema of a definition with the keys of the wire: the hub's own. */
export const workflowDefinitionSchema = workflowShape;

/** What is written by people and for agents: its keys are theirs. */
const FREE = new Set(['requirements', 'metadata', 'headers', 'equals', 'not_equals']);

const ANYBODY: Known = { isAgent: () => true, isCapability: () => true };

/**
 * The definition as the hub takes it, as JSON. Throws `workflow/bad-definition` that names every fault with its step; `known`
 * says who there is, where that is to be checked too.
 */
export function definitionText(definition: unknown, known: Known = ANYBODY): string {
  const faults: string[] = [];
  const text = textOfWire(definition, faults);
  const checked = checkDefinition(text, known);
  if (!checked.ok) faults.push(...checked.faults);
  if (faults.length > 0) throw new AgoraError('workflow/bad-definition', sentenceOf(faults));
  return text;
}

function textOfWire(definition: unknown, faults: string[]): string {
  try {
    return JSON.stringify(toWire(definition, 'the definition', faults)) ?? 'null';
  } catch (error) {
    // A value that JSON has no word for, or one that holds itself.
    throw new AgoraError('workflow/bad-definition', `the definition is no JSON: ${textOf(error)}`, { cause: error });
  }
}

/** Reads a definition that is written as YAML or as JSON. Throws `workflow/bad-definition` where it is neither. */
export async function parseWorkflow(text: string): Promise<WorkflowDefinition> {
  // Only who reads YAML loads what it takes.
  const { parseDocument } = await import('yaml');
  const document = parseDocument(text);
  const faults = document.errors.map(({ message }) => message);
  if (faults.length > 0) throw new AgoraError('workflow/bad-definition', sentenceOf(faults));
  let definition: unknown;
  try {
    definition = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw new AgoraError('workflow/bad-definition', textOf(error), { cause: error });
  }
  definitionText(definition);
  return definition as WorkflowDefinition; // its shape was checked
}

/** The type that a definition names. */
export function typeOf(definition: WorkflowDefinition): string {
  return 'workflowType' in definition ? definition.workflowType : definition.workflow_type;
}

/** A definition whose messages carry a trace, unless it says itself which. */
export function tracedDefinition(definition: WorkflowDefinition, trace: TraceContext | undefined): WorkflowDefinition {
  const headers = withTrace(definition.headers, trace);
  return headers === definition.headers ? definition : { ...definition, headers };
}

/** The same value with the keys of the wire. */
function toWire(value: unknown, where: string, faults: string[]): unknown {
  if (Array.isArray(value)) return value.map((each, at) => toWire(each, `${where}[${at}]`, faults));
  if (!isObject(value)) return value;
  const wire: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) {
    if (member === undefined) continue;
    const wireKey = key.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`);
    if (Object.hasOwn(wire, wireKey)) faults.push(`${where}: ${wireKey} is given twice`);
    wire[wireKey] = FREE.has(wireKey) ? member : toWire(member, wireKey, faults);
  }
  return wire;
}
