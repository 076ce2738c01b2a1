// In which trace something was said: the members `traceparent`, `tracestate` and `baggage` of its headers, as the W3C names
// them. The hub passes them on, and never looks into them.

import { isObject, parseJson } from '../text.ts';

const MEMBERS = ['traceparent', 'tracestate', 'baggage'];

/** What of headers (JSON, or "" for none) tells of a trace, as JSON, or "". */
export function traceOf(headers: string): string {
  if (headers === '') return '';
  const given = Object.entries(objectOf(headers)).filter(([name]) => MEMBERS.includes(name));
  return given.length > 0 ? JSON.stringify(Object.fromEntries(given)) : '';
}

/** Whether headers are the same but for their trace: what is said again may be said in another one. */
export function isSameButTrace(headers: string, others: string): boolean {
  return headers === others || untraced(headers) === untraced(others);
}

/** The headers of a workflow's definition (JSON), as JSON, or "". */
export function headersOf(definition: string): string {
  const { headers } = objectOf(definition);
  return isObject(headers) ? JSON.stringify(headers) : '';
}

/** Whether definitions of workflows are the same but for the trace in their headers. */
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
  const value = parseJson(text)?.value;
  return isObject(value) ? value : {};
}
