// Trace context of messages: `traceparent`, `tracestate` and `baggage` of W3C Trace Context and W3C Baggage. They travel as
// headers of the same names, and messages that a handler sends continue the trace of the message it handles.
//
// Runtimes with async context (Node.js, Bun, Deno) know the current trace. Browsers do not, so a handler there passes it on
// explicitly: `sendMessage({ …, trace: message.trace })`.

import { openScope } from '#platform';
import { AgoraError } from './errors.ts';
import { HEADERS, toJson } from './json.ts';

/** W3C trace context. */
export interface TraceContext {
  readonly traceparent?: string | undefined;
  readonly tracestate?: string | undefined;
  readonly baggage?: string | undefined;
}

type Headers = Readonly<Record<string, unknown>>;

/** Fields that later versions add are passed on unread. */
const TRACEPARENT = /^(?!ff)[\da-f]{2}-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}(-.*)?$/;
/** Longer values are dropped, so that they do not make a message too large. */
const MAX_TRACESTATE = 512;
const MAX_BAGGAGE = 8_192;

/** Returns the trace context in headers, without malformed parts, as the W3C requires. */
export function traceIn(headers: Headers): TraceContext | undefined {
  const { traceparent, tracestate, baggage } = headers;
  if (traceparent === undefined && baggage === undefined) return undefined;
  const parent = isTraceparent(traceparent) ? traceparent : undefined;
  const carried = isShort(baggage, MAX_BAGGAGE) ? baggage : undefined;
  if (parent === undefined) return carried === undefined ? undefined : { baggage: carried };
  return {
    traceparent: parent,
    ...(isShort(tracestate, MAX_TRACESTATE) && { tracestate }),
    ...(carried !== undefined && { baggage: carried }),
  };
}

/** Adds a trace context to headers, unless they have one. */
export function withTrace(headers: Headers | undefined, trace: TraceContext | undefined): Headers | undefined {
  if (!trace || headers?.['traceparent'] !== undefined) return headers;
  const carried = traceIn({ ...trace });
  return carried ? { ...carried, ...headers } : headers;
}

/** Throws `message/bad-headers` for an explicit trace context that is malformed. */
export function checkTrace(trace: TraceContext): void {
  const { traceparent } = trace;
  if (traceparent === undefined || isTraceparent(traceparent)) return;
  throw new AgoraError('message/bad-headers', `"${String(traceparent)}" is no traceparent of W3C Trace Context`);
}

const scope = openScope<TraceContext | undefined>();
/** False until a message with a trace is handled; saves the lookups before. */
let isUsed = false;

/** Returns the trace context of the current handler, if the runtime has async context. */
export function currentTrace(): TraceContext | undefined {
  return isUsed ? scope?.getStore() : undefined;
}

/** Runs a handler in a trace context, or in none. */
export function inTrace<T>(trace: TraceContext | undefined, run: () => T): T {
  if (!scope || (trace === undefined && !isUsed)) return run();
  isUsed = true;
  return scope.run(trace, run);
}

/** Returns headers as JSON, with the given trace context or else the current one; '' for none. */
export function headersText(headers: Readonly<Record<string, unknown>> | undefined, given?: TraceContext): string {
  if (given) checkTrace(given);
  const carried = withTrace(headers, given ?? currentTrace());
  return carried === undefined ? '' : toJson(carried, HEADERS);
}

function isTraceparent(value: unknown): value is string {
  return typeof value === 'string' && TRACEPARENT.test(value) && (!value.startsWith('00') || value.length === 55);
}

function isShort(value: unknown, maxLength: number): value is string {
  return typeof value === 'string' && value !== '' && value.length <= maxLength;
}
