// Trace context in headers: the members `traceparent`, `tracestate` and `baggage` of the W3C. The hub copies them to answers
// and tasks, and never interprets them.

import { isObject, parseInput } from './text.ts';

const MEMBERS = ['traceparent', 'tracestate', 'baggage'];

/** Returns the trace members of headers (JSON, or "") as JSON, or "". */
export function traceOf(headers: string): string {
  if (headers === '') return '';
  const given = Object.entries(objectOf(headers)).filter(([name]) => MEMBERS.includes(name));
  return given.length > 0 ? JSON.stringify(Object.fromEntries(given)) : '';
}

/** Returns true if headers are equal except for their trace: a repeated send may belong to another trace. */
export function isSameButTrace(headers: string, others: string): boolean {
  return headers === others || untraced(headers) === untraced(others);
}

/** Returns the headers in a workflow's definition (JSON) as JSON, or "". */
export function headersOf(definition: string): string {
  const { headers } = objectOf(definition);
  return isObject(headers) ? JSON.stringify(headers) : '';
}

/** Returns true if definitions of workflows are equal except for the trace in their headers. */
export function isSameDefinition(definition: string, other: string): boolean {
  if (definition === other) return true;
  const [a, b] = [objectOf(definition), objectOf(other)];
  const rest = (value: Readonly<Record<string, unknown>>) => JSON.stringify({ ...value, headers: undefined });
  return rest(a) === rest(b) && isSameButTrace(headersOf(definition), headersOf(other));
}

function untraced(headers: string): string {
  return JSON.stringify(Object.entries(objectOf(headers)).filter(([name]) => !MEMBERS.includes(name)));
}

function objectOf(text: string): Readonly<Record<string, unknown>> {
  const value = parseInput(text)?.value;
  return isObject(value) ? value : {};
}
