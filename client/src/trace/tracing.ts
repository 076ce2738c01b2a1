// Tracing of one client: trace contexts are always propagated; spans are made if the program has OpenTelemetry.

import { findOpenTelemetry } from '#platform';
import type { Act } from '../acts/acts.ts';
import { AgoraError } from '../base/errors.ts';
import { isObject } from '../base/is-object.ts';
import { inTrace } from '../base/trace-context.ts';
import {
  Spans,
  type OpenTelemetryApi,
  type SendSpan,
  type SpanOwner,
  type TracedEvent,
  type TracedMessage,
} from './spans.ts';

/** Propagates trace contexts and makes spans for one client. */
export class Tracing {
  readonly #owner: SpanOwner;
  readonly #given: OpenTelemetryApi | false | undefined;
  #spans: Spans | undefined;

  /** Throws `client/bad-option` if `given` is not the API of OpenTelemetry. */
  constructor(owner: SpanOwner, given?: OpenTelemetryApi | false) {
    this.#owner = owner;
    this.#given = given;
    if (!given) return;
    if (!isApi(given))
      throw new AgoraError('client/bad-option', 'openTelemetry must be the module "@opentelemetry/api"');
    this.#spans = new Spans(given, owner);
  }

  /** The maker of spans; undefined without OpenTelemetry, or before the program has set it up. */
  get spans(): Spans | undefined {
    return this.#spans?.isUsed ? this.#spans : undefined;
  }

  /** Looks for OpenTelemetry, unless the option was set. */
  async open(): Promise<void> {
    if (this.#given !== undefined) return;
    const found = await findOpenTelemetry();
    if (isApi(found)) this.#spans ??= new Spans(found, this.#owner);
  }

  /** Runs the handler of a message in its trace context. */
  handle<T>(message: TracedMessage, run: () => T): T {
    const { spans } = this;
    return spans ? spans.process(message, run) : inTrace(message.trace, run);
  }

  /** Runs the handler of an event in its trace context. */
  handleEvent<T>(event: TracedEvent, run: () => T): T {
    const { spans } = this;
    return spans ? spans.processEvent(event, run) : inTrace(event.trace, run);
  }

  /** Starts the span of a settlement; returns a function that ends it. */
  settling(message: TracedMessage, tag: Act['tag']): ((error?: unknown) => void) | undefined {
    return this.spans?.settle(message, tag);
  }
}

/** Runs a send and ends its span with the outcome. */
export async function withSpan<T>(span: SendSpan, send: () => Promise<T>): Promise<T> {
  try {
    const sent = await send();
    span.end();
    return sent;
  } catch (error) {
    span.end(error);
    throw error;
  }
}

function isApi(value: unknown): value is OpenTelemetryApi {
  if (!isObject(value)) return false;
  const { trace, context, propagation } = value;
  return [trace, context, propagation].every(each => typeof each === 'object' && each !== null);
}
