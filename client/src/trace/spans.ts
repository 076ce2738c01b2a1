// OpenTelemetry spans, named by the conventions for messaging and for GenAI agents. The context of a send span travels with
// the message; the process span of its recipient is a child of it and links to it.
//
// | span                    | kind     | from, to                                                     |
// | ----------------------- | -------- | ------------------------------------------------------------ |
// | `send {destination}`    | PRODUCER | sending or publishing, until the hub has accepted it         |
// | `create {destination}`  | PRODUCER | one message of a batch; the batch has a `send` (CLIENT)      |
// | `invoke_agent {agent}`  | CLIENT   | asking, until the answer; its `send` is its child            |
// | `invoke_workflow {type}`| INTERNAL | starting a workflow; its tasks are its children              |
// | `process {destination}` | CONSUMER | a handler's run                                              |
// | `receive {destination}` | CLIENT   | a message given to a loop, or taken by `takeMail`: links only|
// | `ack`, `respond`, …     | CLIENT   | settling, until the hub has accepted it                      |

import { SIGN } from '@agora/module/contract';
import type * as Otel from '@opentelemetry/api';
import type { Act } from '../acts/acts.ts';
import type { Answer } from '../wire/answer.ts';
import { AgoraError, textOf } from '../base/errors.ts';
import { isPromiseLike } from '../base/waiting.ts';
import { currentTrace, inTrace, traceIn, type TraceContext } from '../base/trace-context.ts';
import { createId } from '../base/create-id.ts';
import { OtelContexts } from './otel-contexts.ts';

/** The module `@opentelemetry/api`. */
export interface OpenTelemetryApi {
  readonly trace: object;
  readonly context: object;
  readonly propagation: object;
}

/** The parts of a received message that its spans show. */
export interface TracedMessage {
  readonly id: string;
  readonly type: string;
  readonly to: readonly string[];
  readonly attempt: number;
  readonly continues: string | undefined;
  readonly wantsAnswer: boolean;
  readonly trace: TraceContext | undefined;
}

/** The parts of a received event that its spans show. */
export interface TracedEvent {
  readonly id: string;
  readonly type: string;
  readonly trace: TraceContext | undefined;
}

/** Agent and server of the spans. */
export interface SpanOwner {
  /** Name of the agent. */
  readonly name: string;
  readonly server: URL;
}

/** The parts of an outgoing message or event that its span shows. */
export interface TracedSend {
  readonly id?: string | undefined;
  readonly headers?: Readonly<Record<string, unknown>> | undefined;
  readonly trace?: TraceContext | undefined;
}

/** Span of an outgoing message or event: its id, and the trace context that it carries. */
export interface SendSpan {
  readonly id: string;
  readonly trace: TraceContext;
  end(error?: unknown): void;
}

/** Span of an ask. */
export interface AskSpan extends SendSpan {
  /** The hub has accepted the ask, or refused it with `error`. */
  accepted(error?: unknown): void;
  answered(answer: Answer): void;
}

/** Name of the tracer. */
const TRACER = '@agora/client';

type Attributes = Record<string, string | number>;

const OPERATIONS: Partial<Record<Act['tag'], string>> = {
  Acknowledge: 'ack',
  AcknowledgeBroadcast: 'ack',
  Respond: 'respond',
  FinishStep: 'respond',
  Fail: 'fail',
  FailStep: 'fail',
  FailBroadcast: 'fail',
};

/** Makes the spans of one client. */
export class Spans {
  readonly #api: typeof Otel;
  readonly #tracer: Otel.Tracer;
  readonly #contexts: OtelContexts;
  readonly #owner: SpanOwner;
  readonly #common: Attributes;
  #isUsed = false;
  readonly #processed = new WeakMap<TracedMessage, Otel.Context>();

  constructor(given: OpenTelemetryApi, owner: SpanOwner) {
    this.#api = given as typeof Otel; // `isApi` has checked it
    this.#tracer = this.#api.trace.getTracer(TRACER);
    this.#contexts = new OtelContexts(this.#api);
    this.#owner = owner;
    this.#common = {
      'messaging.system': 'agora',
      'messaging.client.id': owner.name,
      'server.address': owner.server.hostname,
      'server.port': Number(owner.server.port) || (owner.server.protocol === 'https:' ? 443 : 80),
    };
  }

  /** True once the program has registered a tracer provider. Before that no span is made. */
  get isUsed(): boolean {
    if (this.#isUsed) return true;
    const provider = this.#api.trace.getTracerProvider();
    const isOpen =
      provider instanceof this.#api.ProxyTracerProvider && provider.getDelegateTracer(TRACER) === undefined;
    this.#isUsed = !isOpen;
    return this.#isUsed;
  }

  /** Starts the span of a message or event. */
  send(destination: string, type: string, sent: TracedSend): SendSpan {
    return this.#startSend('send', destination, type, sent, this.#here());
  }

  /** Makes the span of one message of a batch. */
  create(destination: string, type: string, sent: TracedSend): SendSpan {
    const span = this.#startSend('create', destination, type, sent, this.#here());
    span.end();
    return span;
  }

  /** Sends a batch under a span; `created` are the spans of its messages. */
  batch<T>(created: readonly SendSpan[], run: () => Promise<T>): Promise<T> {
    const span = this.#tracer.startSpan(
      'send',
      {
        kind: this.#api.SpanKind.CLIENT,
        attributes: {
          ...this.#operation('send', 'send'),
          'messaging.batch.message_count': created.length,
        },
        links: created.flatMap(each => this.#linkTo(each.trace, each.id)),
      },
      this.#here(),
    );
    return this.#around(span, run);
  }

  /** Starts the spans of an ask. */
  ask(destination: string, type: string, sent: TracedSend): AskSpan {
    const isName = !Object.values(SIGN).some(sign => destination.startsWith(sign));
    const id = sent.id ?? createId();
    const invoking = this.#tracer.startSpan(
      isName ? `invoke_agent ${destination}` : 'invoke_agent',
      {
        kind: this.#api.SpanKind.CLIENT,
        attributes: {
          'gen_ai.operation.name': 'invoke_agent',
          'gen_ai.provider.name': 'agora',
          ...(isName && { 'gen_ai.agent.name': destination }),
          'server.address': this.#common['server.address'] ?? '',
          'server.port': this.#common['server.port'] ?? 0,
        },
      },
      this.#here(),
    );
    const sending = this.#startSend(
      'send',
      destination,
      type,
      { ...sent, id },
      this.#api.trace.setSpan(this.#here(), invoking),
    );
    return {
      id,
      trace: sending.trace,
      accepted: error => sending.end(error),
      answered: answer => {
        if (!isName) invoking.setAttribute('gen_ai.agent.name', answer.from);
        if (answer.status === 'error') this.#failed(invoking, answer.error, 'error');
        invoking.end();
      },
      end: error => {
        sending.end(error);
        this.#end(invoking, error);
      },
    };
  }

  /** Starts a workflow under a span. */
  workflow<T>(type: string, run: (trace: TraceContext) => Promise<T>): Promise<T> {
    const span = this.#tracer.startSpan(
      `invoke_workflow ${type}`,
      { attributes: { 'gen_ai.operation.name': 'invoke_workflow', 'gen_ai.workflow.name': type } },
      this.#here(),
    );
    const context = this.#api.trace.setSpan(this.#here(), span);
    return this.#around(span, () => run(this.#contexts.traceOf(context)));
  }

  /** Runs the handler of a message under a span. */
  process<T>(message: TracedMessage, run: () => T): T {
    const { trace } = message;
    const span = this.#consume('process', this.#destinationOf(message), trace, {
      ...this.#aboutMessage(message),
      'gen_ai.agent.name': this.#owner.name,
    });
    const context = this.#api.trace.setSpan(this.#remote(trace), span);
    this.#processed.set(message, context);
    return this.#run(span, context, run);
  }

  /** Runs the handler of an event under a span. */
  processEvent<T>(event: TracedEvent, run: () => T): T {
    const span = this.#consume('process', event.type, event.trace, { 'messaging.message.id': event.id });
    return this.#run(span, this.#api.trace.setSpan(this.#remote(event.trace), span), run);
  }

  /** Makes the span of messages that a loop or `takeMail` receives. */
  receive(messages: readonly TracedMessage[]): void {
    const [first] = messages;
    if (!first) return;
    const isOne = messages.length === 1;
    const destination = isOne ? this.#destinationOf(first) : this.#owner.name;
    const attributes = isOne ? this.#aboutMessage(first) : { 'messaging.batch.message_count': messages.length };
    const options = {
      kind: this.#api.SpanKind.CLIENT,
      attributes: { ...this.#operation('receive', 'receive', destination), ...attributes },
      links: messages.flatMap(({ trace, id }) => this.#linkTo(trace, isOne ? undefined : id)),
    };
    this.#tracer.startSpan(`receive ${destination}`, options, this.#here()).end();
  }

  /** Starts the span of a settlement; returns a function that ends it with the outcome. */
  settle(message: TracedMessage, tag: Act['tag']): (error?: unknown) => void {
    const operation = OPERATIONS[tag] ?? 'ack';
    const destination = this.#destinationOf(message);
    const span = this.#tracer.startSpan(
      `${operation} ${destination}`,
      {
        kind: this.#api.SpanKind.CLIENT,
        attributes: { ...this.#operation(operation, 'settle', destination), ...this.#aboutMessage(message) },
        links: this.#linkTo(message.trace),
      },
      this.#processed.get(message) ?? this.#here(),
    );
    return error => this.#end(span, error);
  }

  /** Starts a send span. The message carries the explicit trace context of its sender, else that of the span. */
  #startSend(
    operation: 'send' | 'create',
    destination: string,
    type: string,
    sent: TracedSend,
    here: Otel.Context,
  ): SendSpan {
    const id = sent.id ?? createId();
    const given = sent.trace ?? traceIn(sent.headers ?? {});
    const kind = given ? this.#api.SpanKind.CLIENT : this.#api.SpanKind.PRODUCER;
    const attributes = {
      ...this.#operation(operation, operation, destination),
      'messaging.message.id': id,
      'messaging.agora.message.type': type,
    };
    const links = this.#linkTo(given);
    const span = this.#tracer.startSpan(`${operation} ${destination}`, { kind, attributes, links }, here);
    let hasEnded = false;
    return {
      id,
      trace: given ?? this.#contexts.traceOf(this.#api.trace.setSpan(here, span)),
      end: error => {
        if (!hasEnded) this.#end(span, error);
        hasEnded = true;
      },
    };
  }

  #consume(operation: string, destination: string, trace: TraceContext | undefined, about: Attributes): Otel.Span {
    return this.#tracer.startSpan(
      `${operation} ${destination}`,
      {
        kind: this.#api.SpanKind.CONSUMER,
        attributes: { ...this.#operation(operation, operation, destination), ...about },
        links: this.#linkTo(trace),
      },
      this.#remote(trace),
    );
  }

  #operation(name: string, type: string, destination?: string): Attributes {
    return {
      ...this.#common,
      'messaging.operation.name': name,
      'messaging.operation.type': type,
      ...(destination !== undefined && { 'messaging.destination.name': destination }),
    };
  }

  #aboutMessage(message: TracedMessage): Attributes {
    const { id, type, attempt, continues, wantsAnswer } = message;
    const conversation = continues ?? (wantsAnswer ? id : undefined);
    return {
      'messaging.message.id': id,
      'messaging.agora.message.type': type,
      'messaging.agora.message.attempt': attempt,
      ...(conversation !== undefined && { 'messaging.message.conversation_id': conversation }),
    };
  }

  /** Returns the target of a message: this agent, or the group or capability that it was sent to. */
  #destinationOf({ to }: TracedMessage): string {
    const { name } = this.#owner;
    return to.includes(name) ? name : (to[0] ?? name);
  }

  /** Returns the context of the caller: the active one, or without a context manager that of the current handler. */
  #here(): Otel.Context {
    const active = this.#api.context.active();
    return this.#api.trace.getSpanContext(active) ? active : this.#contexts.join(active, currentTrace());
  }

  /** Returns the context of a remote sender. */
  #remote(trace: TraceContext | undefined): Otel.Context {
    return this.#contexts.join(this.#api.ROOT_CONTEXT, trace);
  }

  #linkTo(trace: TraceContext | undefined, id?: string): Otel.Link[] {
    const context = this.#contexts.spanContextOf(trace);
    if (!context) return [];
    return [id === undefined ? { context } : { context, attributes: { 'messaging.message.id': id } }];
  }

  #run<T>(span: Otel.Span, context: Otel.Context, run: () => T): T {
    const trace = this.#contexts.traceOf(context);
    try {
      const value = this.#api.context.with(context, () => inTrace(trace, run));
      if (!isPromiseLike(value)) span.end();
      else
        Promise.resolve(value).then(
          () => span.end(),
          (error: unknown) => this.#end(span, error ?? 'rejected'),
        );
      return value;
    } catch (error) {
      this.#end(span, error ?? 'thrown');
      throw error;
    }
  }

  async #around<T>(span: Otel.Span, run: () => Promise<T>): Promise<T> {
    try {
      const value = await run();
      span.end();
      return value;
    } catch (error) {
      this.#end(span, error);
      throw error;
    }
  }

  #end(span: Otel.Span, thrown: unknown): void {
    // Any value may be thrown, also one whose properties throw.
    const error = thrown === undefined || isReadable(thrown) ? thrown : textOf(thrown);
    if (error !== undefined) {
      const type = error instanceof AgoraError ? error.code : error instanceof Error ? error.name : 'error';
      if (error instanceof Error) span.recordException(error);
      this.#failed(span, textOf(error), type);
    }
    span.end();
  }

  #failed(span: Otel.Span, message: string, type: string): void {
    span.setAttribute('error.type', type);
    span.setStatus({ code: this.#api.SpanStatusCode.ERROR, message });
  }
}

function isReadable(thrown: unknown): boolean {
  try {
    return !(thrown instanceof Error) || (typeof thrown.message === 'string' && typeof thrown.name === 'string');
  } catch {
    return false;
  }
}
