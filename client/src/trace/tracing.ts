// What a client does for traces: contexts are carried on always, spans are made where the program has OpenTelemetry.

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

/** The traces of one client. */
export class Tracing {
  readonly #owner: SpanOwner;
  readonly #given: OpenTelemetryApi | false | undefined;
  #spans: Spans | undefined;

  /** Throws `client/bad-option` when what is given is not the API of OpenTelemetry. */
  constructor(owner: SpanOwner, given?: OpenTelemetryApi | false) {
    this.#owner = owner;
    this.#given = given;
    if (!given) return;
    if (!isApi(given)) throw new AgoraError('client/bad-option', 'openTelemetry is the module "@opentelemetry/api"');
    this.#spans = new Spans(given, owner);
  }

  /** Makes spans; undefined where there is no OpenTelemetry, or it was not set up. */
  get spans(): Spans | undefined {
    return this.#spans?.isUsed ? this.#spans : undefined;
  }

  /** Looks for OpenTelemetry, unless it was given or is not wanted. */
  async open(): Promise<void> {
    if (this.#given !== undefined) return;
    const found = await findOpenTelemetry();
    if (isApi(found)) this.#spans ??= new Spans(found, this.#owner);
  }

  /** Runs the handler of a message in its trace. */
  handle<T>(message: TracedMessage, run: () => T): T {
    const { spans } = this;
    return spans ? spans.process(message, run) : inTrace(message.trace, run);
  }

  /** Runs the handler of an event in its trace. */
  handleEvent<T>(event: TracedEvent, run: () => T): T {
    const { spans } = this;
    return spans ? spans.processEvent(event, run) : inTrace(event.trace, run);
  }

  /** A message is being settled. */
  settling(message: TracedMessage, tag: Act['tag']): ((error?: unknown) => void) | undefined {
    return this.spans?.settle(message, tag);
  }
}

/** Says something under a span that ends with it. */
export async function around<T>(span: SendSpan, say: () => Promise<T>): Promise<T> {
  try {
    const said = await say();
    span.end();
    return said;
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
