// Traces: trace context travels with every message, and with OpenTelemetry messages and handlers form one trace.

import * as api from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace-base';
import type { TraceContext } from '@agora/client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Received } from '../support/received.ts';
import { startTestHub, type TestHub } from '../support/hub.ts';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const trace: TraceContext = { traceparent, tracestate: 'vendor=1', baggage: 'user=7' };
const plain = { openTelemetry: false } as const;

let hub: TestHub;
beforeAll(async () => {
  hub = await startTestHub();
});
afterAll(() => hub[Symbol.asyncDispose]());

describe('without OpenTelemetry, a trace context of the caller', () => {
  test('travels on asks, sends, events, broadcasts, forwarded messages and answers, from handler to handler', async () => {
    const traces = new Received<readonly [string, TraceContext | undefined]>();
    const last = await hub.join('Last', {}, plain);
    await last.subscribeToMessages(message => traces.add([`Last ${message.type}`, message.trace]));
    await last.subscribeToEvents('noted', { handler: event => traces.add(['event', event.trace]) });
    const middle = await hub.join('Middle', {}, plain);
    await middle.subscribeToMessages('question', async message => {
      traces.add(['Middle', message.trace]);
      await new Promise(resolve => setImmediate(resolve));
      await middle.sendMessage({ to: 'Last', messageType: 'direct', payload: 1 });
      await middle.broadcast({ messageType: 'said', payload: 1 });
      await middle.forward(message, 'Last');
      await middle.batch([{ do: 'send', to: 'Last', messageType: 'batched', payload: 1 }]);
      await middle.publishEvent({ eventType: 'noted', data: {} });
      await middle.sendMessage({ to: 'Last', messageType: 'apart', payload: 1, trace: {} });
      return 'done';
    });
    const client = await hub.join('First', {}, plain);

    await client.sendMessage({ to: 'Middle', messageType: 'question', payload: 1, timeout: 10, trace });

    const received = Object.fromEntries(await traces.atLeast(7));
    const all = ['Middle', 'Last direct', 'Last said', 'Last question', 'Last batched', 'event'];
    expect(received).toEqual({ ...Object.fromEntries(all.map(each => [each, trace])), 'Last apart': undefined });
    const rows = (await hub.rows('message')).map(row => JSON.stringify(row)).filter(row => row.includes('"answer"'));
    expect(rows).toEqual([expect.stringContaining(traceparent)]);
  });

  test('travels to every task of a workflow, and to those of workflows in it', async () => {
    const traces = new Received<TraceContext | undefined>();
    const worker = await hub.join('TracedWorker', {}, plain);
    worker.onTask('*', (_task, message) => {
      traces.add(message.trace);
      return 'done';
    });
    const lead = await hub.join('TracedLead', {}, plain);
    const step = (action: string, dependsOn: string[] = []) => ({ agent: 'TracedWorker', action, dependsOn });
    const inner = { workflow_type: 'inner', steps: [{ agent: 'TracedWorker', action: 'inside' }] };
    const workflow = await lead.startWorkflowCoordination({
      workflowType: 'traced',
      headers: { ...trace },
      steps: [step('one'), step('two', ['one']), { action: 'nested', workflow: inner, dependsOn: ['two'] }],
    });
    expect(await workflow.result({ timeoutMs: 10_000 })).toMatchObject({ status: 'succeeded' });
    expect(traces.items).toEqual([trace, trace, trace]);
  });

  test('is ignored when a repeated id is compared: it may be sent again under its id in another trace', async () => {
    await hub.join('Idle', {}, plain);
    const client = await hub.join('Repeating', {}, plain);
    const { createId } = await import('@agora/client');
    const message = { id: createId(), to: 'Idle', messageType: 'note', payload: 1 };
    await client.sendMessage({ ...message, trace });
    await client.sendMessage(message);
    const bad = client.sendMessage({ ...message, id: createId(), trace: { traceparent: 'x' } });
    await expect(bad).rejects.toMatchObject({ code: 'message/bad-headers' });
  });
});

const exporter = new InMemorySpanExporter();

describe('with OpenTelemetry', () => {
  beforeEach(() => {
    api.trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
  });
  afterEach(() => {
    exporter.reset();
    api.trace.disable();
    api.context.disable();
  });

  /** The spans of one trace once there are `count`, as `kind name < parent`, in order of their start. */
  async function spansOf(count: number): Promise<ReadableSpan[]> {
    await expect.poll(() => exporter.getFinishedSpans().length, { timeout: 10_000 }).toBe(count);
    return [...exporter.getFinishedSpans()].sort((a, b) => order(a) - order(b));
  }
  const order = ({ startTime: [seconds, nanos] }: ReadableSpan) => seconds * 1e9 + nanos;
  function drawn(spans: readonly ReadableSpan[]): string[] {
    const names = new Map(spans.map(span => [span.spanContext().spanId, span.name]));
    return spans.map(span => {
      const parent = span.parentSpanContext && names.get(span.parentSpanContext.spanId);
      return `${api.SpanKind[span.kind]} ${span.name}${parent === undefined ? '' : ` < ${parent}`}`;
    });
  }

  for (const isManaged of [true, false]) {
    test(`makes one trace of a question, its handler, the messages of the handler, and the answer${isManaged ? '' : ', also without a context manager'}`, async () => {
      if (isManaged) api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
      const suffix = isManaged ? 'A' : 'B';
      const noter = await hub.join(`Noter${suffix}`);
      await noter.subscribeToMessages('note', () => undefined);
      const answerer = await hub.join(`Answerer${suffix}`);
      await answerer.subscribeToMessages('question', async () => {
        await Promise.resolve();
        await answerer.sendMessage({ to: `Noter${suffix}`, messageType: 'note', payload: 1 });
        return 'answer';
      });
      const asker = await hub.join(`Asker${suffix}`);

      const answer = await asker.sendMessage({
        to: `Answerer${suffix}`,
        messageType: 'question',
        payload: 1,
        timeout: 10,
      });

      const spans = await spansOf(7);
      expect(answer).toMatchObject({ data: 'answer' });
      expect(drawn(spans).sort()).toEqual(
        [
          `CLIENT invoke_agent Answerer${suffix}`,
          `PRODUCER send Answerer${suffix} < invoke_agent Answerer${suffix}`,
          `CONSUMER process Answerer${suffix} < send Answerer${suffix}`,
          `PRODUCER send Noter${suffix} < process Answerer${suffix}`,
          `CONSUMER process Noter${suffix} < send Noter${suffix}`,
          `CLIENT ack Noter${suffix} < process Noter${suffix}`,
          `CLIENT respond Answerer${suffix} < process Answerer${suffix}`,
        ].sort(),
      );
      expect(new Set(spans.map(each => each.spanContext().traceId)).size).toBe(1);
      const named = (name: string) => spans.find(each => each.name === `${name} Answerer${suffix}`);
      expect(named('process')?.attributes).toMatchObject({
        'messaging.system': 'agora',
        'messaging.operation.name': 'process',
        'messaging.operation.type': 'process',
        'messaging.destination.name': `Answerer${suffix}`,
        'messaging.message.id': answer.messageId,
        'messaging.message.conversation_id': answer.messageId,
        'messaging.client.id': `Answerer${suffix}`,
        'gen_ai.agent.name': `Answerer${suffix}`,
        'server.address': new URL(hub.url).hostname,
        'server.port': Number(new URL(hub.url).port),
      });
      expect(named('process')?.links.map(each => each.context.spanId)).toEqual([named('send')?.spanContext().spanId]);
      expect(named('invoke_agent')?.attributes).toMatchObject({
        'gen_ai.operation.name': 'invoke_agent',
        'gen_ai.agent.name': `Answerer${suffix}`,
      });
    });
  }

  test('makes one trace of a workflow of three steps, in the trace of its initiator', async () => {
    api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    const worker = await hub.join('StepWorker');
    worker.onTask('*', () => 'done');
    const lead = await hub.join('StepLead');
    const step = (action: string, dependsOn: string[] = []) => ({ agent: 'StepWorker', action, dependsOn });
    const steps = [step('one'), step('two', ['one']), step('three', ['two'])];

    await api.trace.getTracer('test').startActiveSpan('work', async span => {
      const workflow = await lead.startWorkflowCoordination({ workflowType: 'three', steps });
      await workflow.result({ timeoutMs: 10_000 });
      span.end();
    });

    const spans = await spansOf(8);
    const tasks = (each: string, parent: string) => Array.from({ length: 3 }, () => `${each} StepWorker < ${parent}`);
    expect(drawn(spans).sort()).toEqual(
      [
        'INTERNAL work',
        'INTERNAL invoke_workflow three < work',
        ...tasks('CONSUMER process', 'invoke_workflow three'),
        ...tasks('CLIENT respond', 'process StepWorker'),
      ].sort(),
    );
    expect(new Set(spans.map(each => each.spanContext().traceId)).size).toBe(1);
  });

  test('records errors, links messages taken by hand, and counts a batch', async () => {
    const clerk = await hub.join('Clerk');
    const client = await hub.join('Customer');
    await expect(client.sendMessage({ to: 'Nobody', messageType: 'note', payload: 1 })).rejects.toThrow();
    await client.batch([
      { do: 'send', to: 'Clerk', messageType: 'note', payload: 1 },
      { do: 'send', to: 'Clerk', messageType: 'note', payload: 2, trace },
    ]);
    const messages = await clerk.subscribeToMessages('note');
    for await (const message of messages) {
      await message.ack();
      if (message.payload === 2) break;
    }

    const spans = await spansOf(8);
    const named = (name: string) => spans.filter(each => each.name === name);
    const [refused] = named('send Nobody');
    expect(refused?.status.code).toBe(api.SpanStatusCode.ERROR);
    expect(refused?.attributes['error.type']).toBe('message/unknown-recipient');
    const created = named('create Clerk').map(each => each.spanContext().spanId);
    const linked = (span: ReadableSpan | undefined) => span?.links.map(each => each.context.spanId);
    const given = traceparent.split('-')[2];
    // A message with its own context keeps it.
    expect(linked(named('send')[0])).toEqual([created[0], given]);
    expect(named('send')[0]?.attributes['messaging.batch.message_count']).toBe(2);
    expect(named('receive Clerk').map(linked)).toEqual([[created[0]], [given]]);
    expect(named('ack Clerk')).toHaveLength(2);
  });

  test('carries baggage there and back, and an invalid answer', async () => {
    api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    const baggage = new Received<unknown>();
    const worker = await hub.join('BaggageWorker');
    await worker.subscribeToMessages('job', message => {
      baggage.add([message.trace?.baggage, api.propagation.getActiveBaggage()?.getEntry('user id')?.value]);
      throw new Error('broken');
    });
    const client = await hub.join('BaggageClient');
    const entries = api.propagation.createBaggage({ 'user id': { value: 'sieben, acht' } });
    await api.context.with(api.propagation.setBaggage(api.context.active(), entries), () =>
      client.sendMessage({ to: 'BaggageWorker', messageType: 'job', payload: 1 }),
    );
    expect(await baggage.first()).toEqual(['user%20id=sieben%2C%20acht', 'sieben, acht']);
    await expect
      .poll(() => exporter.getFinishedSpans().find(each => each.name.startsWith('process'))?.attributes['error.type'])
      .toBe('Error');
  });
});
