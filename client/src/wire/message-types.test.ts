import { type } from 'arktype';
import * as v from 'valibot';
import { describe, expectTypeOf, test } from 'vitest';
import * as z from 'zod';
import {
  defineMessages,
  defineTypes,
  type AnswerInputOf,
  type AnswerOf,
  type EventDataOf,
  type EventsMatching,
  type InputsOf,
  type MessageTypeName,
  type NoTypes,
  type PayloadInputOf,
  type PayloadOf,
  type RequirementsOf,
  type TaskAction,
  type TaskOutputOf,
} from './message-types.ts';

const _types = defineTypes({
  messages: {
    build_request: {
      payload: z.object({ target: z.string(), jobs: z.number().default(1) }),
      answer: v.object({ ok: v.boolean(), took: v.pipe(v.string(), v.transform(Number)) }),
    },
    ping: { payload: type({ n: 'number' }) },
    anything: {},
  },
  tasks: { review: { requirements: z.object({ deep: z.boolean() }), output: z.object({ score: z.number() }) } },
  events: { 'build.started': z.object({ at: z.string() }), 'build.failed': z.object({ why: z.string() }) },
});
type Types = typeof _types;

describe('declared types', () => {
  test('type a message at its sender and at its recipient', () => {
    expectTypeOf<PayloadInputOf<'build_request', Types>>().toEqualTypeOf<{
      target: string;
      jobs?: number | undefined;
    }>();
    expectTypeOf<PayloadOf<'build_request', Types>>().toEqualTypeOf<{ target: string; jobs: number }>();
    expectTypeOf<AnswerInputOf<'build_request', Types>>().toEqualTypeOf<{ ok: boolean; took: string }>();
    expectTypeOf<AnswerOf<'build_request', Types>>().toEqualTypeOf<{ ok: boolean; took: number }>();
    expectTypeOf<PayloadOf<'ping', Types>>().toEqualTypeOf<{ n: number }>();
    expectTypeOf<AnswerOf<'ping', Types>>().toEqualTypeOf<unknown>();
    expectTypeOf<PayloadOf<'anything', Types>>().toEqualTypeOf<unknown>();
  });

  test('join the seven standard types; without declared types any name is allowed', () => {
    expectTypeOf<'status_update'>().toExtend<MessageTypeName<Types>>();
    expectTypeOf<'build_request'>().toExtend<MessageTypeName<Types>>();
    expectTypeOf<'build_requets'>().not.toExtend<MessageTypeName<Types>>();
    expectTypeOf<MessageTypeName>().toEqualTypeOf<string>();
    expectTypeOf<MessageTypeName<NoTypes>>().toEqualTypeOf<string>();
    expectTypeOf<PayloadOf<'whatever'>>().toEqualTypeOf<unknown>();
    expectTypeOf<PayloadOf<'task_assignment', Types>['task']>().toEqualTypeOf<Record<string, unknown>>();
    const _messages = defineMessages({ ping: { payload: type({ n: 'number' }) } });
    expectTypeOf<PayloadOf<'ping', typeof _messages>>().toEqualTypeOf<{ n: number }>();
    expectTypeOf<TaskAction<typeof _messages>>().toEqualTypeOf<string>();
  });

  test('type tasks and events', () => {
    expectTypeOf<RequirementsOf<'review', Types>>().toEqualTypeOf<{ deep: boolean }>();
    expectTypeOf<InputsOf<'review', Types>>().toEqualTypeOf<Readonly<Record<string, unknown>>>();
    expectTypeOf<TaskOutputOf<'review', Types>>().toEqualTypeOf<{ score: number }>();
    expectTypeOf<TaskOutputOf<'other'>>().toEqualTypeOf<unknown>();
    expectTypeOf<EventDataOf<'build.failed', Types>>().toEqualTypeOf<{ why: string }>();
    expectTypeOf<EventDataOf<'other', Types>>().toEqualTypeOf<Readonly<Record<string, unknown>>>();
    expectTypeOf<EventsMatching<'build.*', Types>>().toEqualTypeOf<'build.started' | 'build.failed'>();
    expectTypeOf<EventsMatching<'deploy.*', Types>>().toEqualTypeOf<string>();
  });
});
