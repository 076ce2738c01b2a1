// Types that programs declare: known to the compiler, checked at the sender, parsed by their schema at the recipient.

import { defineMessages, defineTypes, type AgoraClient, type IncomingMessage } from '@agora/client';
import { type } from 'arktype';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { Received } from '../support/received.ts';
import { startTestHub, type TestHub } from '../support/hub.ts';

const later = <T>(value: T) => new Promise<T>(resolve => setImmediate(() => resolve(value)));

const types = defineTypes({
  messages: {
    build_request: {
      payload: z.object({ target: z.string(), jobs: z.number().int().default(1) }),
      answer: v.object({ ok: v.boolean(), took: v.pipe(v.string(), v.transform(Number)) }),
    },
    ping: { payload: type({ n: 'number > 0' }), answer: type({ n: 'number' }) },
    // A schema with an asynchronous check.
    order: { payload: z.object({ item: z.string().refine(item => later(item !== 'gone'), 'is sold out') }) },
    anything: {},
  },
  tasks: {
    review: {
      requirements: z.object({ depth: z.number().default(1) }),
      inputs: z.object({ write: z.object({ text: z.string() }) }),
      output: z.object({ score: z.number() }),
    },
  },
  events: { 'build.done': z.object({ target: z.string(), at: z.iso.datetime().transform(text => new Date(text)) }) },
});

let hub: TestHub;
beforeAll(async () => {
  hub = await startTestHub();
});
afterAll(() => hub[Symbol.asyncDispose]());

describe('a message of a declared type', () => {
  test('is typed from the question to the answer, and parsed by its schema once', async () => {
    const builder = await hub.join('Builder', {}, { types });
    const seen = new Received<unknown>();
    await builder.subscribeToMessages({
      filters: { messageTypes: ['build_request'] },
      handler: message => {
        expectTypeOf(message.payload).toEqualTypeOf<{ target: string; jobs: number }>();
        seen.add(message.payload);
        return { ok: message.payload.jobs === 1, took: '12' };
      },
    });
    const client = await hub.join('Asker', {}, { types });

    const answer = await client.sendMessage({
      toAgent: 'Builder',
      messageType: 'build_request',
      payload: { target: 'docs' },
      timeout: 10,
    });

    expectTypeOf(answer.data).toEqualTypeOf<{ ok: boolean; took: number } | undefined>();
    expect(seen.items).toEqual([{ target: 'docs', jobs: 1 }]); // the default is the recipient's
    expect(answer).toMatchObject({ status: 'success', data: { ok: true, took: 12 } });
    const sent = await Array.fromAsync(client.sentMessages());
    expect(sent[0]?.payload).toEqual({ target: 'docs' }); // the wire has the sender’s data
  });

  test('is refused at the sender with the path of the fault, by any library, synchronously or not', async () => {
    const client = await hub.join('Careless', {}, { types });
    const refused = (path: string) => ({
      code: 'message/bad-payload',
      message: expect.stringContaining(path) as string,
    });
    const to = 'Builder';

    // @ts-expect-error -- a number is no target
    const zod = client.sendMessage({ to, messageType: 'build_request', payload: { target: 1 } });
    await expect(zod).rejects.toMatchObject(refused('payload.target: '));
    // @ts-expect-error -- there is no n
    await expect(client.broadcast({ messageType: 'ping', payload: {} })).rejects.toMatchObject(refused('payload.n: '));
    const asked = client.ask({ to, messageType: 'ping', payload: { n: -1 }, timeout: 5 });
    await expect(asked).rejects.toMatchObject(refused('payload.n: '));
    const order = { to, messageType: 'order', payload: { item: 'gone' } } as const;
    await expect(client.sendMessage(order)).rejects.toMatchObject(refused('payload.item: is sold out'));
    await expect(client.ask({ ...order, timeout: 5 })).rejects.toMatchObject(refused('payload.item: is sold out'));
    const batch = client.batch([
      { do: 'send', to, messageType: 'anything', payload: 1 },
      { do: 'send', ...order },
    ]);
    await expect(batch).rejects.toMatchObject(refused('payload.item: is sold out'));
    // @ts-expect-error -- the type is not declared
    void (() => client.sendMessage({ to, messageType: 'build_requets', payload: {} }));
    expect(await Array.fromAsync(client.sentMessages())).toEqual([]);
  });

  test('fails with a reason at the recipient, also by an asynchronous schema, and its sender is notified', async () => {
    const shop = await hub.join('Shop', {}, { types });
    const warnings = new Received<string>();
    shop.on('warning', ({ message }) => warnings.add(message));
    const orders = new Received<string>();
    await shop.subscribeToMessages({
      filters: { messageTypes: ['order', 'ping'] },
      handler: message => {
        if (message.type === 'ping') return { n: message.payload.n };
        orders.add(message.payload.item);
        return 'sent';
      },
    });
    const stranger = await hub.join('Stranger');

    const order = { to: 'Shop', messageType: 'order', timeout: 10 };
    expect(await stranger.sendMessage({ ...order, payload: { item: 'gone' } })).toMatchObject({
      status: 'error',
      error: expect.stringContaining('payload.item: is sold out') as string,
    });
    expect(await stranger.sendMessage({ ...order, payload: { item: 'tea' } })).toMatchObject({ data: 'sent' });
    const ping = await stranger.sendMessage({ to: 'Shop', messageType: 'ping', payload: 'n', timeout: 10 });
    expect(ping).toMatchObject({ status: 'error', error: expect.stringContaining('not a valid ping') as string });
    expect(orders.items).toEqual(['tea']);
    expect(warnings.items).toHaveLength(2);
  });

  test('is checked for iterators and for agents that work in turns as well', async () => {
    const clerk = await hub.join('Clerk', {}, { types });
    const stranger = await hub.join('Customer');
    const waiting = clerk.waitForMail({ timeoutMs: 10_000 });
    await stranger.sendMessage({ to: 'Clerk', messageType: 'build_request', payload: { target: 'a' } });
    await stranger.sendMessage({ to: 'Clerk', messageType: 'order', payload: { item: 'tea' } });
    expect(await waiting).toBe(true);
    const mail: IncomingMessage[] = [];
    while (mail.length < 2 && (await clerk.waitForMail({ timeoutMs: 10_000 }))) mail.push(...(await clerk.takeMail()));
    expect(mail.map(each => each.payload)).toEqual([{ target: 'a', jobs: 1 }, { item: 'tea' }]);
    await Promise.all(mail.map(each => each.ack()));
  });
});

describe('an answer of a declared type', () => {
  test('that is invalid fails the question with its path, at the agent that gives it', async () => {
    const clumsy = await hub.join('Clumsy', {}, { types });
    const errors = new Received<unknown>();
    await clumsy.subscribeToMessages({
      filters: { messageTypes: ['build_request'] },
      handler: async (message, context) => {
        // @ts-expect-error -- a string is no answer
        errors.add(await context.respond('done').catch((error: unknown) => error));
        if (message.payload.target === 'again') return { ok: true, took: '1' };
        return undefined;
      },
    });
    const client = await hub.join('Hopeful', {}, { types });
    const ask = { to: 'Clumsy', messageType: 'build_request', timeout: 10 } as const;

    const none = await client.sendMessage({ ...ask, payload: { target: 'x' } });
    expect(none).toMatchObject({
      status: 'error',
      error: expect.stringContaining('not a valid answer to a build_request') as string,
    });
    expect(await client.sendMessage({ ...ask, payload: { target: 'again' } })).toMatchObject({ data: { took: 1 } });
    expect(errors.items[0]).toMatchObject({
      code: 'delivery/bad-answer',
      message: expect.stringContaining('answer') as string,
    });
  });

  test('is checked in a batch, and a reply to a question back has the type that was asked for', async () => {
    const careful = await hub.join('Careful', {}, { types });
    const errors = new Received<unknown>();
    await careful.subscribeToMessages({
      filters: { messageTypes: ['build_request', 'documentation_request'] },
      handler: async (message, context) => {
        if (message.continues !== undefined) return { ok: true, took: JSON.stringify(message.payload) };
        if (message.type === 'build_request') {
          const bad = careful.batch([{ do: 'respond', message, data: 'done' }]);
          errors.add(await bad.catch((error: unknown) => error));
        }
        await context.requireInput('how long?');
        return undefined;
      },
    });
    const client = await hub.join('Patient', {}, { types });
    const ask = { to: 'Careful', timeout: 10 } as const;
    const first = await client.sendMessage({ ...ask, messageType: 'build_request', payload: { target: 'x' } });
    expect(errors.items[0]).toMatchObject({ code: 'delivery/bad-answer' });
    if (first.status !== 'input_required') throw new Error(`it is ${first.status}`);
    expect(await first.reply(7)).toMatchObject({ status: 'success', data: { took: 7 } });

    const standard = await client.sendMessage({ ...ask, messageType: 'documentation_request', payload: {} });
    if (standard.status !== 'input_required') throw new Error(`it is ${standard.status}`);
    expect(await standard.reply('a day')).toMatchObject({ data: { took: '"a day"' } });
  });

  test('from an agent that does not know the type rejects with the received value', async () => {
    const loose = await hub.join('Loose');
    await loose.subscribeToMessages('build_request', () => ({ ok: 'yes', took: '1' }));
    const client = await hub.join('Strict', {}, { types });
    const asking = client.ask({ to: 'Loose', messageType: 'build_request', payload: { target: 'x' }, timeout: 10 });
    await expect(asking).rejects.toMatchObject({
      code: 'delivery/bad-answer',
      message: expect.stringContaining('answer.ok: ') as string,
      cause: { from: 'Loose', data: { ok: 'yes' } },
    });
  });

  test('is required: a handler without one is refused', () => {
    const _forgetful = (client: AgoraClient<typeof types>) =>
      // @ts-expect-error -- nothing is returned
      client.subscribeToMessages({ filters: { messageTypes: ['ping'] }, handler: () => {} });
    const _wrong = (client: AgoraClient<typeof types>) =>
      // @ts-expect-error -- a string is no number
      client.subscribeToMessages({ filters: { messageTypes: ['ping'] }, handler: () => ({ n: 'one' }) });
    const _any = (client: AgoraClient<typeof types>): AgoraClient => client;
    void [_forgetful, _wrong, _any];
  });
});

describe('tasks of a declared action', () => {
  test('are typed and checked: requirements, inputs and output', async () => {
    const writer = await hub.join('Writer');
    writer.onTask('write', () => ({ text: 'hello' }));
    const reviewer = await hub.join('Reviewer', {}, { types });
    reviewer.onTask('review', ({ requirements, inputs }) => {
      expectTypeOf(requirements).toEqualTypeOf<{ depth: number }>();
      return { score: inputs.write.text.length * requirements.depth };
    });
    const lead = await hub.join('Lead', {}, { types });
    const steps = (requirements: Record<string, unknown>) => [
      { agent: 'Writer', action: 'write' },
      { agent: 'Reviewer', action: 'review', requirements, dependsOn: ['write'] },
    ];

    const workflow = await lead.startWorkflowCoordination({ workflowType: 'review', steps: steps({}) });
    expect(await workflow.result({ timeoutMs: 10_000 })).toMatchObject({ outputs: { review: { score: 5 } } });

    const wrong = lead.startWorkflowCoordination({ workflowType: 'review', steps: steps({ depth: 'deep' }) });
    await expect(wrong).rejects.toMatchObject({
      code: 'workflow/bad-definition',
      message: expect.stringContaining('step "review", requirements.depth: ') as string,
    });
    const stranger = await hub.join('OtherLead');
    const unchecked = await stranger.startWorkflowCoordination({
      workflowType: 'review',
      steps: steps({ depth: '1' }),
    });
    expect(await unchecked.result({ timeoutMs: 10_000 })).toMatchObject({
      status: 'failed',
      reason: expect.stringContaining('requirements.depth: ') as string,
    });
  });
});

describe('events of a declared type', () => {
  test('are typed and checked; an event that does not match its type is skipped with a warning', async () => {
    const client = await hub.join('Publisher', {}, { types });
    const events = await client.subscribeToEvents('build.*');
    const warnings = new Received<string>();
    client.on('warning', ({ message }) => warnings.add(message));
    const stranger = await hub.join('LoosePublisher');

    await stranger.publishEvent({ eventType: 'build.done', data: { target: 'x', at: 'yesterday' } });
    const at = '2026-01-02T03:04:05Z';
    await client.publishEvent({ eventType: 'build.done', data: { target: 'y', at } });
    // @ts-expect-error -- there is no target
    await expect(client.publishEvent({ eventType: 'build.done', data: { at } })).rejects.toMatchObject({
      code: 'event/bad-data',
      message: expect.stringContaining('data.target: ') as string,
    });

    for await (const event of events) {
      expectTypeOf(event.data).toEqualTypeOf<{ target: string; at: Date }>();
      expect(event.data).toEqual({ target: 'y', at: new Date(at) });
      break;
    }
    expect(warnings.items).toEqual([expect.stringContaining('data.at: ')]);
  });
});

describe('an agent that serves declared types', () => {
  test('has each of its handlers typed by what it handles', async () => {
    const server = await hub.join('Serving', {}, { types });
    const controller = new AbortController();
    const serving = server.serve({
      signal: controller.signal,
      messages: {
        ping: ({ payload }) => ({ n: payload.n + 1 }),
        build_request: ({ payload }) => ({ ok: payload.jobs > 0, took: payload.target }),
      },
      tasks: { review: ({ inputs }) => ({ score: inputs.write.text.length }) },
      events: { 'build.*': event => expectTypeOf(event.data.at).toEqualTypeOf<Date>() },
    });
    const client = await hub.join('Served', {}, { types });
    const pong = await client.sendMessage({ to: 'Serving', messageType: 'ping', payload: { n: 1 }, timeout: 10 });
    expect(pong.data?.n).toBe(2);
    controller.abort();
    expect(await serving).toMatchObject({ handled: 1, failed: 0 });
  });
});

describe('a declaration', () => {
  test('without a schema is refused', () => {
    const wrong = { note: { payload: { type: 'object' } } };
    // @ts-expect-error -- a JSON schema is no Standard Schema
    expect(() => hub.client('Wrong', { types: defineMessages(wrong) })).toThrow(
      expect.objectContaining({ code: 'client/bad-option' }) as Error,
    );
  });
});
