import { isValidElement } from 'react';
import { expect, expectTypeOf, test } from 'vitest';
import * as z from 'zod';
import { defineTypes } from '../wire/message-types.ts';
import { agoraHooks } from './typed-hooks.ts';

const types = defineTypes({
  messages: { build: { payload: z.object({ target: z.string() }), answer: z.object({ ok: z.boolean() }) } },
  events: { 'build.failed': z.object({ why: z.string() }) },
});

test('the hooks know the declared types', () => {
  const { useInbox, useEvents, useAgora } = agoraHooks(types);
  const _Component = () => {
    const { data: builds } = useInbox({ messageTypes: ['build'] });
    expectTypeOf(builds[0]?.payload).toEqualTypeOf<{ target: string } | undefined>();
    // @ts-expect-error -- the answer is declared
    void builds[0]?.respond({ ok: 'yes' });
    const { data: events } = useEvents('build.*');
    expectTypeOf(events[0]?.data).toEqualTypeOf<{ why: string } | undefined>();
    const { client } = useAgora();
    // @ts-expect-error -- no such type is declared
    void client.sendMessage({ to: 'A', messageType: 'biuld', payload: {} });
  };
  expect(_Component).toBeTypeOf('function');
});

test('the provider gives its client the declared types', () => {
  const { AgoraProvider } = agoraHooks(types);
  const element = AgoraProvider({ name: 'Page', options: { server: 'http://127.0.0.1:1' } });
  expect(isValidElement(element) && element.props).toEqual({
    name: 'Page',
    options: { server: 'http://127.0.0.1:1', types },
  });
});
