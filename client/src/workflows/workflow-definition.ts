// Definitions of workflows: conversion to the wire format, checked by the rules of the hub; the hub checks agents itself.

import { checkDefinition, sentenceOf, type workflowShape, type Known } from '@agora/module/workflow';
import type * as z from 'zod';
import type { AgentInfo } from '../agents/agents.ts';
import { suggestionOf } from '../base/nearest-names.ts';
import { AgoraError, textOf } from '../base/errors.ts';
import { jsonFaultOf } from '../base/json-fault.ts';
import { isObject } from '../base/is-object.ts';
import { withTrace, type TraceContext } from '../base/trace-context.ts';
import type { DefinitionSource } from './definition-source.ts';

type Camel<Key> = Key extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : Key;

/** The keys of an object in snake_case or camelCase; free JSON keeps its keys. */
type EitherCase<T> = T extends readonly (infer Element)[]
  ? readonly EitherCase<Element>[]
  : T extends object
    ? string extends keyof T
      ? T
      : { [Key in keyof T]: EitherCase<T[Key]> } | { [Key in keyof T as Camel<Key>]: EitherCase<T[Key]> }
    : T;

type WireDefinition = z.input<typeof workflowShape>;
type WireStep = WireDefinition['steps'][number];

/** Definition of a step, with keys of the wire (`depends_on`) or in camelCase (`dependsOn`). */
export type WorkflowStepDefinition = EitherCase<WireStep>;

/** Definition of a workflow, with keys of the wire (`workflow_type`) or in camelCase (`workflowType`). */
export type WorkflowDefinition = EitherCase<Omit<WireDefinition, 'steps'>> & {
  readonly steps: readonly WorkflowStepDefinition[];
};

/** Members with free JSON, whose keys are not converted. */
const FREE_JSON = new Set(['requirements', 'metadata', 'headers', 'equals', 'not_equals']);

/** Returns the names of a check: all pass, unless agents are given; faults have the near names. */
export function knownNames(agents?: readonly Pick<AgentInfo, 'name' | 'capabilities'>[]): Known {
  const names = new Set(agents?.map(({ name }) => name));
  const capabilities = new Set(agents?.flatMap(each => each.capabilities));
  return {
    isAgent: name => !agents || names.has(name),
    isCapability: name => !agents || capabilities.has(name),
    near: (kind, name, steps) => {
      const suggestion = suggestionOf(name, { agent: names, capability: capabilities, step: steps }[kind]);
      return suggestion === '' ? '' : ` (${suggestion})`;
    },
  };
}

/** How a definition is checked. */
export interface DefinitionCheck {
  /** Checks the names of agents and capabilities; by default any name passes. */
  readonly known?: Known | undefined;
  /** Faults that are reported, too. */
  readonly more?: readonly string[] | undefined;
  /** Adds the place in the text to a fault. */
  readonly located?: ((fault: string) => string) | undefined;
}

/** Returns the definition in wire format, as JSON. Throws `workflow/bad-definition` with every fault and its step. */
export function definitionText(definition: unknown, check: DefinitionCheck = {}): string {
  const { known = knownNames(), more = [], located = (fault: string) => fault } = check;
  const faults: string[] = [];
  const text = textOfWire(definition, faults);
  const checked = checkDefinition(text, known);
  if (!checked.ok) faults.push(...checked.faults);
  const all = [...more, ...faults.map(located)].sort((one, other) => lineOf(one) - lineOf(other));
  if (all.length > 0) throw new AgoraError('workflow/bad-definition', sentenceOf(all));
  return text;
}

/** Line of a fault of a text; 0 for other faults, which stay first and in their order. */
function lineOf(fault: string): number {
  return Number(/^line (\d+): /.exec(fault)?.[1] ?? 0);
}

function textOfWire(definition: unknown, faults: string[]): string {
  try {
    const fault = jsonFaultOf(definition);
    if (fault !== undefined) throw new TypeError(fault);
    return JSON.stringify(toWire(definition, 'the definition', faults)) ?? 'null';
  } catch (error) {
    // A value without JSON form, or a cyclic one.
    throw new AgoraError('workflow/bad-definition', `the definition cannot be written as JSON: ${textOf(error)}`, {
      cause: error,
    });
  }
}

/** Reads an unchecked definition from YAML or JSON, with the faults of the text. */
export async function readDefinition(text: string): Promise<DefinitionSource> {
  // The YAML parser is loaded on first use.
  const { readSource } = await import('./definition-source.ts');
  return readSource(text);
}

/** Returns the type of a definition. */
export function typeOf(definition: WorkflowDefinition): string {
  return 'workflowType' in definition ? definition.workflowType : definition.workflow_type;
}

/** Adds a trace context to the headers of a definition, unless it has one. */
export function tracedDefinition(definition: WorkflowDefinition, trace: TraceContext | undefined): WorkflowDefinition {
  const headers = withTrace(definition.headers, trace);
  return headers === definition.headers ? definition : { ...definition, headers };
}

/** Converts a value to keys of the wire. */
function toWire(value: unknown, where: string, faults: string[]): unknown {
  if (Array.isArray(value)) return value.map((each, at) => toWire(each, `${where}[${at}]`, faults));
  if (!isObject(value)) return value;
  const wire: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) {
    if (member === undefined) continue;
    const wireKey = key.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`);
    if (Object.hasOwn(wire, wireKey)) faults.push(`${where}: ${wireKey} is given twice`);
    wire[wireKey] = FREE_JSON.has(wireKey) ? member : toWire(member, wireKey, faults);
  }
  return wire;
}
