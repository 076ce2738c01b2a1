// Agents that work in turns: each command is a process of its own, and what was taken is ended by a later one.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AgoraClient } from '@agora/client';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startTestHub, type TestHub } from '../support/hub.ts';
import { Shell } from './support/shell.ts';

vi.setConfig({ testTimeout: 60_000 });

let hub: TestHub;
let shell: Shell;
let asker: AgoraClient;
beforeAll(async () => {
  hub = await startTestHub();
  shell = new Shell({ server: hub.url, database: hub.database });
  asker = await hub.join('Asker');
});
afterAll(async () => {
  shell[Symbol.dispose]();
  await hub[Symbol.asyncDispose]();
});

async function register(name: string, ...words: string[]): Promise<void> {
  expect((await shell.run('register', name, ...words)).code).toBe(0);
}

function ask(to: string, payload: unknown) {
  return asker.ask({ to, messageType: 'question', payload, timeoutMs: 50_000 });
}

/** Takes all mail of an agent, and returns the ids of the messages. */
async function take(name: string): Promise<string[]> {
  const taken = await shell.json('inbox', '--as', name, '--take');
  return taken.map(each => String(each['id']));
}

describe('inbox --take', () => {
  test('answers no question; answer does, in a later process, and only once', async () => {
    await register('Writer');
    const pending = ask('Writer', 'do you answer?');
    await asker.sendMessage({ to: 'Writer', messageType: 'note', payload: 'for your information' });
    await shell.run('wait', '--as', 'Writer');
    const people = await shell.run('inbox', '--as', 'Writer', '--take');
    expect(people.err).toContain('Held for 10m');
    const left = await shell.json('inbox', '--as', 'Writer');
    expect(left).toMatchObject([{ kind: 'ask', state: 'taken', payload: 'do you answer?', wantsAnswer: true }]);
    const id = String(left[0]?.['id']);
    expect(people.err).toContain(id);
    expect((await asker.messageStatus(id))[0]).toMatchObject({ state: 'offered', attempt: 1 });
    expect(await shell.run('inbox', '--as', 'Writer', '--take')).toMatchObject({ code: 0, out: '' });

    expect(await shell.json('answer', id, 'yes', '--as', 'Writer')).toMatchObject([
      { messageId: id, settled: 'answered' },
    ]);
    expect(await pending).toMatchObject({ status: 'success', data: { text: 'yes' } });
    const again = await shell.run('answer', id, 'no', '--as', 'Writer', '--json');
    expect(again).toMatchObject({ code: 6, err: expect.stringContaining('"cli/not-held"') as string });
  });

  test('finishes no step of a workflow; answer gives its output', async () => {
    await register('Builder');
    writeFileSync(join(shell.folder, 'one.yaml'), 'workflow_type: x\nsteps:\n - {agent: Builder, action: a}\n');
    const starting = shell.start(['workflow', 'start', 'one.yaml', '--wait', '--json']);
    await shell.run('wait', '--as', 'Builder');
    const [task] = await shell.json('inbox', '--as', 'Builder', '--take');
    expect(task).toMatchObject({ kind: 'task', task: { action: 'a', step: 'a' } });
    expect(task).not.toHaveProperty('payload');
    expect(await shell.json('workflow', 'list')).toMatchObject([{ status: 'running' }]);
    await shell.json('answer', String(task?.['id']), '--payload', '{"built":true}', '--as', 'Builder');
    expect(await starting.ended).toMatchObject({ code: 0, out: expect.stringContaining('{"built":true}') as string });
  });

  test('done, fail, give-back, extend and a question back end or keep what was taken', async () => {
    await register('Handy', '--capability', 'handiwork');
    const pending = [1, 2, 3, 4].map(n => ask(n === 3 ? '@handiwork' : 'Handy', n));
    const outcomes = Promise.all(pending);
    const taken: Record<string, unknown>[] = [];
    while (taken.length < 4) {
      await shell.run('wait', '--as', 'Handy');
      taken.push(...(await shell.json('inbox', '--as', 'Handy', '--take')));
    }
    const id = (n: number) => String(taken.find(each => each['payload'] === n)?.['id']);
    const as = ['--as', 'Handy'];
    expect(await shell.json('extend', id(1), '1h', ...as)).toMatchObject([{ settled: 'extended' }]);
    expect((await shell.run('extend', id(1), '30s', ...as)).code).toBe(2);
    expect(await shell.json('done', id(1), ...as)).toMatchObject([{ settled: 'done' }]);
    expect(await shell.json('fail', id(2), 'no glue', ...as)).toMatchObject([{ settled: 'failed', again: false }]);
    expect(await shell.json('answer', id(4), 'which wood?', '--ask-back', ...as)).toMatchObject([
      { settled: 'asked-back' },
    ]);
    expect(await shell.json('give-back', id(3), ...as)).toMatchObject([{ settled: 'given-back' }]);
    await shell.run('wait', ...as);
    const [again] = await shell.json('inbox', '--take', ...as);
    expect(again).toMatchObject({ id: id(3), attempt: 2 });
    await shell.json('answer', id(3), 'done now', ...as);
    expect(await outcomes).toMatchObject([
      { status: 'success', data: null },
      { status: 'error', error: 'no glue' },
      { status: 'success', data: { text: 'done now' } },
      { status: 'input_required', question: { text: 'which wood?' } },
    ]);
  });

  test('wait does not end for what was taken earlier, and ends for new mail', async () => {
    await register('Patient');
    const pending = ask('Patient', 'first');
    await shell.run('wait', '--as', 'Patient');
    const [first = ''] = await take('Patient');
    expect((await shell.run('wait', '--as', 'Patient', '--timeout', '0')).code).toBe(4);
    const waiting = shell.start(['wait', '--as', 'Patient', '--json']);
    await asker.sendMessage({ to: 'Patient', messageType: 'note', payload: 'second' });
    expect(await waiting.ended).toMatchObject({ code: 0, out: expect.stringContaining('"waiting":1') as string });
    await take('Patient');
    await shell.json('answer', first, 'at last', '--as', 'Patient');
    expect(await pending).toMatchObject({ data: { text: 'at last' } });
  });

  test('answer refuses a message that wants no answer, and names the ways to end it', async () => {
    await register('Clerk');
    const { messageId } = await asker.sendMessage({ to: 'Clerk', messageType: 'note', payload: 'a note' });
    const showing = shell.start(['listen', '--as', 'Clerk']);
    await showing.untilPrinted('a note');
    const refused = await shell.run('answer', messageId, 'thanks', '--as', 'Clerk');
    expect(refused.code).toBe(2);
    expect(refused.err).toContain(`agora done ${messageId}`);
    expect((await shell.run('done', messageId, '--as', 'Clerk')).code).toBe(0);
    showing.child.kill('SIGINT');
    await showing.ended;
    expect((await asker.messageStatus(messageId))[0]).toMatchObject({ state: 'done' });
  });
});

describe('listen --ack', () => {
  test('acknowledges notes and answers no question, also after it has ended', async () => {
    await register('Reader');
    const pending = [ask('Reader', 'one?'), ask('Reader', 'two?')];
    const outcomes = Promise.all(pending);
    const listening = shell.start(['listen', '--as', 'Reader', '--ack', '--limit', '3', '--json']);
    await listening.untilPrinted('two?');
    await asker.sendMessage({ to: 'Reader', messageType: 'note', payload: 'three' });
    expect((await listening.ended).code).toBe(0);
    const held = await shell.json('inbox', '--as', 'Reader');
    expect(held.map(each => [each['state'], each['payload']])).toEqual([
      ['taken', 'one?'],
      ['taken', 'two?'],
    ]);
    for (const each of held)
      await shell.json('answer', String(each['id']), `re ${String(each['payload'])}`, '--as', 'Reader');
    expect((await outcomes).map(each => each.status === 'success' && each.data)).toEqual([
      { text: 're one?' },
      { text: 're two?' },
    ]);
  });
});
