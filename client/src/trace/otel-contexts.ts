// Converts between W3C trace contexts and contexts of OpenTelemetry, independent of the program's propagator.

import type * as Otel from '@opentelemetry/api';
import { currentTrace, type TraceContext } from '../base/trace-context.ts';

/** Converts trace contexts to contexts of OpenTelemetry, and back. */
export class OtelContexts {
  readonly #api: typeof Otel;

  constructor(api: typeof Otel) {
    this.#api = api;
  }

  /** Returns `context` with a remote trace as its parent. */
  join(context: Otel.Context, trace: TraceContext | undefined): Otel.Context {
    const parent = this.spanContextOf(trace);
    const joined = parent ? this.#api.trace.setSpanContext(context, parent) : context;
    const baggage = trace?.baggage;
    return baggage === undefined ? joined : this.#api.propagation.setBaggage(joined, this.#baggageOf(baggage));
  }

  /** Returns the span context of a trace. */
  spanContextOf(trace: TraceContext | undefined): Otel.SpanContext | undefined {
    const { traceparent, tracestate } = trace ?? {};
    const [, traceId, spanId, flags] = traceparent?.split('-') ?? [];
    if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
    return {
      traceId,
      spanId,
      traceFlags: parseInt(flags, 16),
      isRemote: true,
      ...(tracestate !== undefined && { traceState: this.#api.createTraceState(tracestate) }),
    };
  }

  /** Returns the W3C trace context of a context. */
  traceOf(context: Otel.Context): TraceContext {
    const span = this.#api.trace.getSpanContext(context);
    const baggage = this.#baggageIn(context);
    const carried = baggage === '' ? {} : { baggage };
    if (!span || !this.#api.isSpanContextValid(span)) return { ...currentTrace(), ...carried };
    const { traceId, spanId, traceFlags, traceState } = span;
    const tracestate = traceState?.serialize() ?? '';
    return {
      traceparent: `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`,
      ...(tracestate !== '' && { tracestate }),
      ...carried,
    };
  }

  #baggageIn(context: Otel.Context): string {
    const entries = this.#api.propagation.getBaggage(context)?.getAllEntries() ?? [];
    return entries
      .map(([key, { value, metadata }]) => {
        const rest = metadata?.toString() ?? '';
        return `${encodeURIComponent(key)}=${encodeURIComponent(value)}${rest === '' ? '' : `;${rest}`}`;
      })
      .join(',');
  }

  #baggageOf(text: string): Otel.Baggage {
    const entries: Record<string, Otel.BaggageEntry> = {};
    for (const member of text.split(',')) {
      const [pair = '', ...rest] = member.split(';');
      const [key, value] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)].map(decoded);
      if (!key || value === undefined) continue;
      const metadata = rest.length > 0 ? this.#api.baggageEntryMetadataFromString(rest.join(';').trim()) : undefined;
      entries[key] = metadata ? { value, metadata } : { value };
    }
    return this.#api.propagation.createBaggage(entries);
  }
}

/** Decodes a part of baggage; undefined if it is malformed. */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.trim());
  } catch {
    return undefined;
  }
}
