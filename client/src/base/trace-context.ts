// In which trace something is said: `traceparent`, `tracestate` and `baggage`, as W3C Trace Context and W3C Baggage write
// them. They travel as headers of the same names, and are carried on by what a handler says.
//
// What is handled right now is known where the runtime can tell (Node.js, Bun, Deno). In a browser it cannot, so there a
// handler says it: `sendMessage({ …, trace: message.trace })`.

import { openScope } from '#platform';
import { AgoraError } from './errors.ts';
import { HEADERS, toJson } from './json.ts';

/** A trace, and what is carried along it. */
export interface TraceContext {
  readonly traceparent?: string | undefined;
  readonly tracestate?: string | undefined;
  readonly baggage?: string | undefined;
}

type Headers = Readonly<Record<string, unknown>>;

/** What a context of later versions adds is passed on unread. */
const TRACEPARENT = /^(?!ff)[\da-f]{2}-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}(-.*)?$/;
/** What is longer is dropped, so that it does not make a message too long to be sent. */
const MAX_TRACESTATE = 512;
const MAX_BAGGAGE = 8_192;

/** The trace that headers tell of. What is not well-formed is left out, as the W3C says. */
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

/** Headers with a trace. What they tell of one themselves is their sender's word, and stays. */
export function withTrace(headers: Headers | undefined, trace: TraceContext | undefined): Headers | undefined {
  if (!trace || headers?.['traceparent'] !== undefined) return headers;
  const carried = traceIn({ ...trace });
  return carried ? { ...carried, ...headers } : headers;
}

/** Refuses a trace that somebody gives and that is none, with `message/bad-headers`. */
export function checkTrace(trace: TraceContext): void {
  const { traceparent } = trace;
  if (traceparent === undefined || isTraceparent(traceparent)) return;
  throw new AgoraError('message/bad-headers', `"${String(traceparent)}" is no traceparent of W3C Trace Context`);
}

const scope = openScope<TraceContext | undefined>();
/** Until something with a trace is handled, nothing is looked up. */
let isUsed = false;

/** The trace of what is handled right now, where the runtime can tell. */
export function currentTrace(): TraceContext | undefined {
  return isUsed ? scope?.getStore() : undefined;
}

/** Runs a handler in the trace of what it handles, or in none. */
export function inTrace<T>(trace: TraceContext | undefined, run: () => T): T {
  if (!scope || (trace === undefined && !isUsed)) return run();
  isUsed = true;
  return scope.run(trace, run);
}

/** Headers with the trace that is given, or with that of what is handled right now, as JSON; "" for none. */
export function headersText(headers: Readonly<Record<string, unknown>> | undefined, given?: TraceContext): string {
  if (given) checkTrace(given);
  const carried = withTrace(headers, given ?? currentTrace());
  return carried === undefined ? '' : toJson(carried, HEADERS);
}

function isTraceparent(value: unknown): value is string {
  return typeof value === 'string' && TRACEPARENT.test(value) && (!value.startsWith('00') || value.length === 55);
}

function isShort(value: unknown, most: number): value is string {
  return typeof value === 'string' && value !== '' && value.length <= most;
}
