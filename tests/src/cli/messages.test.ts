// `agora send`, `ask`, `broadcast`, `inbox` and `wait`.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PermanentError } from '@agora/client';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { Received } from '../support/received.ts';
import { startTestHub, type TestHub } from '../support/hub.ts';
import { jsonLines, Shell, withPlaceholders } from './support/shell.ts';

vi.setConfig({ testTimeout: 60_000 });

let hub: TestHub;
let shell: Shell;
beforeAll(async () => {
  hub = await startTestHub();
  shell = new Shell({ server: hub.url, database: hub.database });
});
afterAll(async () => {
  shell[Symbol.dispose]();
  await hub[Symbol.asyncDispose]();
});

/** The result of a refused command: the error as JSON on standard error, nothing on standard output. */
const refused = (code: number, error: string) => ({
  code,
  out: '',
  err: expect.stringContaining(`{"error":{"code":"${error}"`) as string,
});

describe('agora send', () => {
  test('sends a payload from each source as the default agent of this user, and prints the id', async () => {
    const received = new Received<{
      type: string;
      priority: number;
      payload: unknown;
      headers: unknown;
      from: string;
    }>();
    const receiver = await hub.join('Receiver');
    await receiver.subscribeToMessages(({ type, priority, payload, headers, from }) =>
      received.add({ type, priority, payload, headers, from }),
    );
    writeFileSync(join(shell.folder, 'payload.json'), '{"from":"a file"}');
    const [text] = await shell.json(
      'send',
      'Receiver',
      'a text',
      '--type',
      'note',
      '--header',
      'a=1',
      '--header',
      'b=x=y',
    );
    expect(withPlaceholders(text)).toEqual({
      messageId: '<id>',
      status: 'accepted',
      from: expect.stringMatching(/^cli-/) as string,
      to: ['Receiver'],
    });
    const ended = await Promise.all([
      shell.run('send', 'Receiver', '--payload', '[1]', '--priority', 'critical'),
      shell.run('send', 'Receiver', '--payload-file', 'payload.json', '--priority', '1'),
      shell.start(['send', 'Receiver'], { input: '{"from":"a pipe"}' }).ended,
      shell.start(['send', 'Receiver', '-'], { input: 'no JSON\n' }).ended,
      shell.run('send', 'Receiver', '--payload', '{}'),
    ]);
    for (const each of ended)
      expect(each).toMatchObject({ code: 0, err: '', out: expect.stringMatching(/^[0-9a-f-]{36}\n$/) as string });
    const all = await received.atLeast(6);
    expect(all[0]).toEqual({
      type: 'note',
      priority: 2,
      payload: { text: 'a text' },
      headers: { a: '1', b: 'x=y' },
      from: text?.['from'],
    });
    expect(new Set(all.map(each => JSON.stringify([each.payload, each.priority])))).toEqual(
      new Set([
        '[{"text":"a text"},2]',
        '[[1],4]',
        '[{"from":"a file"},1]',
        '[{"from":"a pipe"},2]',
        '[{"text":"no JSON"},2]',
        '[{},2]',
      ]),
    );
  });

  test('sends the same id once, delays a message, and refers to the message of a reply', async () => {
    await shell.run('register', 'Later');
    const [first] = await shell.json('send', 'Later', 'now');
    const about = String(first?.['messageId']);
    const [reply] = await shell.json('send', 'Later', 'a reply', '--reply-to', about, '--ttl', '1h');
    await shell.json('send', 'Later', 'tomorrow', '--delay', '1d');
    const inbox = await shell.json('inbox', '--as', 'Later');
    expect(inbox.map(each => each['payload'])).toEqual([{ text: 'now' }, { text: 'a reply' }]);
    expect(inbox[1]).toMatchObject({ id: reply?.['messageId'], inReplyTo: about });
    const again = ['send', 'Later', '--id', about, '--json'];
    expect(await shell.run(...again, 'now')).toMatchObject({ code: 0, out: expect.stringContaining(about) as string });
    expect(await shell.run(...again, 'something else')).toEqual(refused(1, 'message/id-reused'));
    expect(await shell.json('inbox', '--as', 'Later')).toEqual(inbox);
  });

  test('reports why a message was not sent, and ends with the matching exit code', async () => {
    await hub.join('Strangers');
    const cases: [string[], number, string][] = [
      [['send', 'Nobody', 'x'], 6, 'message/unknown-recipient'],
      [['send', 'Strangers', 'x', '--as', 'Ghost'], 6, 'cli/unknown-agent'],
      [['send', 'Strangers', 'x', '--as', 'Strangers'], 5, 'agent/not-yours'],
      [['send', 'Strangers', 'x', '--as', 'no name!'], 2, 'agent/bad-name'],
      [['send', 'Strangers', 'x', '--type', 'no type!'], 2, 'message/bad-type'],
      [['send', 'Strangers', 'x', '--payload', '{}'], 2, 'cli/usage'],
      [['send', 'Strangers', '--payload', '{'], 2, 'cli/usage'],
      [['send', 'Strangers', '--payload-file', 'none.json'], 2, 'cli/unreadable'],
      [['send', 'Strangers', 'x', '--priority', 'urgent'], 2, 'cli/usage'],
      [['send', 'Strangers', 'x', '--delay', 'soon'], 2, 'cli/usage'],
      [['send', 'Strangers', 'x', '--header', 'novalue'], 2, 'cli/usage'],
      [['send', 'a,,b', 'x'], 2, 'cli/usage'],
      [['send', 'Strangers'], 2, 'cli/usage'],
      [['send', 'Strangers', 'x', '--id', 'abc'], 2, 'message/bad-id'],
      [['send', 'Strangers', 'x', '--delay', '400d'], 2, 'cli/usage'],
      [['send', 'Strangers', '--payload', '[12345678901234567890]'], 2, 'cli/usage'],
      [['ask', 'Strangers', 'x', '--timeout', '0'], 2, 'cli/usage'],
      [['send'], 2, 'cli/usage'],
    ];
    const ended = await Promise.all(cases.map(([words]) => shell.run(...words, '--json')));
    for (const [at, [words, code, error]] of cases.entries()) {
      expect([words, ended[at]]).toEqual([words, refused(code, error)]);
    }
  });
});

describe('Ctrl-C', () => {
  test('ends a command that reads standard input, and one that waits for mail', async () => {
    await shell.run('register', 'Impatient');
    const sending = shell.start(['send', 'Impatient'], { isOpen: true });
    const waiting = shell.start(['wait', '--as', 'Impatient']);
    await sending.untilPrinted('Reading standard input');
    const watcher = await hub.join('Watchman');
    for await (const [agent] of watcher.watchAgents({ name: 'Impatient' })) if (agent?.presence === 'online') break;
    for (const each of [sending, waiting]) each.child.kill('SIGINT');
    const [sent, waited] = await Promise.all([sending.ended, waiting.ended]);
    expect([sent.code, sent.out, waited]).toEqual([130, '', { code: 130, out: '', err: 'error Interrupted.\n' }]);
  });
});

describe('agora ask', () => {
  test('prints the answer, a text unchanged and other values as JSON, and the progress', async () => {
    const answerer = await hub.join('Answerer', { capabilities: ['answering'] });
    await answerer.subscribeToMessages(async (message, context) => {
      if (message.type === 'fail') throw new PermanentError('it is broken');
      if (message.type === 'back') return context.requireInput('which one?');
      if (message.type === 'silent') return new Promise(() => undefined);
      await context.progress({ half: true });
      return message.type === 'json' ? { n: 1, of: [2] } : { text: `You said ${JSON.stringify(message.payload)}` };
    });
    const [text, json, progress, failed, back, silent] = await Promise.all([
      shell.run('ask', 'Answerer', 'hello'),
      shell.run('ask', '@answering', '--type', 'json', '--payload', '{}'),
      shell.run('ask', 'Answerer', '--progress', '--json', 'hello'),
      shell.run('ask', 'Answerer', 'x', '--type', 'fail', '--json'),
      shell.run('ask', 'Answerer', 'x', '--type', 'back', '--json'),
      shell.run('ask', 'Answerer', 'x', '--type', 'silent', '--timeout', '500ms', '--json'),
    ]);
    expect(text).toEqual({ code: 0, out: 'You said {"text":"hello"}\n', err: '' });
    expect(json).toEqual({ code: 0, out: '{\n  "n": 1,\n  "of": [\n    2\n  ]\n}\n', err: '' });
    expect(jsonLines(progress.out).map(withPlaceholders)).toEqual([
      { progress: { seq: 1, data: { half: true }, at: '<time>' } },
      { messageId: '<id>', from: 'Answerer', status: 'success', data: { text: 'You said {"text":"hello"}' } },
    ]);
    expect(failed).toMatchObject({ code: 8, err: '' });
    expect(withPlaceholders(jsonLines(failed.out))).toEqual([
      { messageId: '<id>', from: 'Answerer', status: 'error', error: 'it is broken' },
    ]);
    expect(back).toMatchObject({ code: 8, err: '' });
    expect(withPlaceholders(jsonLines(back.out))).toEqual([
      { messageId: '<id>', from: 'Answerer', status: 'input_required', question: 'which one?' },
    ]);
    expect(silent).toEqual(refused(4, 'message/no-answer'));
    // The temporary agents of the askers are unregistered.
    const left = await answerer.findAgents();
    expect(left.filter(each => each.name.startsWith('cli-ask'))).toEqual([]);
  });

  test('prompts for the reply to a question back on a terminal, without control characters of the agent', async () => {
    const worker = await hub.join('Painter');
    await worker.subscribeToMessages(async (message, context) => {
      if (message.continues === undefined) return context.requireInput('which \u001b[2Jcolour?');
      return { text: `painted ${JSON.stringify(message.payload)}` };
    });
    const asking = shell.startInTerminal(['ask', 'Painter', 'paint it', '--no-color']);
    await asking.untilPrinted('Painter asks: which [2Jcolour?');
    asking.child.stdin?.write('blue\r');
    await asking.untilPrinted('painted {"text":"blue"}');
    expect((await asking.ended).code).toBe(0);
  });

  test('cancels the question at Ctrl-C', async () => {
    const cancelled = new Received<unknown>();
    const asked = new Received<string>();
    const worker = await hub.join('Slow');
    await worker.subscribeToMessages((message, { signal }) => {
      asked.add(message.from);
      return new Promise(resolve => {
        signal.addEventListener('abort', () => {
          cancelled.add(signal.reason);
          resolve(undefined);
        });
      });
    });
    const asking = shell.start(['ask', 'Slow', 'are you there?']);
    await asked.first();
    asking.child.kill('SIGINT');
    expect(await asking.ended).toEqual({ code: 130, out: '', err: 'error Interrupted.\n' });
    expect(await cancelled.first()).toMatchObject({ code: 'delivery/cancelled' });
  });
});

describe('agora broadcast', () => {
  test('reaches all other agents', async () => {
    const received = new Received<unknown>();
    const listener = await hub.join('Everyone');
    await listener.subscribeToMessages({
      filters: { messageTypes: ['announcement'] },
      handler: message => received.add([message.kind, message.payload]),
    });
    const [sent] = await shell.json('broadcast', 'to all', '--type', 'announcement');
    expect(sent).toMatchObject({ status: 'accepted', to: ['*'] });
    expect(await received.first()).toEqual(['broadcast', { text: 'to all' }]);
  });
});

describe('agora inbox, agora wait', () => {
  test('show waiting messages without taking them; --take takes at most the limit', async () => {
    await shell.run('register', 'Turns');
    expect(await shell.run('wait', '--as', 'Turns', '--timeout', '0', '--json')).toMatchObject({ code: 4, err: '' });
    expect(await shell.run('inbox', '--as', 'Turns', '--take')).toEqual({
      code: 0,
      out: '',
      err: 'No messages wait for Turns.\n',
    });
    for (const n of [1, 2, 3]) await shell.json('send', 'Turns', `number ${n}`, '--priority', n === 3 ? 'high' : 'low');
    await shell.json('send', 'Turns', '--payload', JSON.stringify('long'.repeat(2_000)));

    const looks = await Promise.all([1, 2, 3].map(() => shell.json('inbox', '--as', 'Turns')));
    for (const look of looks) expect(look.map(each => each['attempt'])).toEqual([1, 1, 1, 1]);
    expect(withPlaceholders(looks[0]?.[0])).toEqual({
      id: '<id>',
      type: 'message',
      from: expect.stringMatching(/^cli-/) as string,
      to: ['Turns'],
      priority: 3,
      sentAt: '<time>',
      headers: {},
      payload: { text: 'number 3' },
      kind: 'message',
      state: 'queued',
      attempt: 1,
      wantsAnswer: false,
    });
    expect(await shell.run('wait', '--as', 'Turns')).toMatchObject({ code: 0, out: 'There is mail for Turns.\n' });

    const first = await shell.json('inbox', '--as', 'Turns', '--take', '--limit', '1');
    expect(first.map(each => each['payload'])).toEqual([{ text: 'number 3' }]);
    const rest = await shell.json('inbox', '--as', 'Turns', '--take');
    expect(rest.map(each => each['payload'])).toEqual([
      'long'.repeat(2_000),
      { text: 'number 1' },
      { text: 'number 2' },
    ]);
    expect(rest.map(each => each['attempt'])).toEqual([1, 1, 1]);

    for (const text of ['first', 'second']) await shell.json('broadcast', text);
    for (const text of ['first', 'second']) {
      const [received, ...more] = await shell.json('inbox', '--as', 'Turns', '--take', '--limit', '1');
      expect([received?.['kind'], received?.['payload'], more]).toEqual(['broadcast', { text }, []]);
    }
    expect(await shell.json('inbox', '--as', 'Turns')).toEqual([]);
  });

  test('wait ends when a message arrives, which stays in the inbox', async () => {
    await shell.run('register', 'Sleeper');
    const waiting = shell.start(['wait', '--as', 'Sleeper', '--json']);
    const watcher = await hub.join('Alarm');
    for await (const [sleeper] of watcher.watchAgents({ name: 'Sleeper' })) if (sleeper?.presence === 'online') break;
    await watcher.sendMessage({ toAgent: 'Sleeper', messageType: 'alarm', payload: 'wake up' });
    const { code, out } = await waiting.ended;
    expect([code, JSON.parse(out)]).toEqual([0, { agent: 'Sleeper', mail: true, waiting: 1, notices: [] }]);
    const [taken] = await shell.json('inbox', '--as', 'Sleeper', '--take');
    expect(taken).toMatchObject({ payload: 'wake up', from: 'Alarm' });
  });

  test('wait ends when a notice arrives, which stays in the inbox', async () => {
    for (const name of ['Anxious', 'Leaving']) await shell.run('register', name);
    const [sent] = await shell.json('send', 'Leaving', 'farewell', '--as', 'Anxious');
    const waiting = shell.start(['wait', '--as', 'Anxious', '--json']);
    const watcher = await hub.join('Lookout');
    for await (const [anxious] of watcher.watchAgents({ name: 'Anxious' })) if (anxious?.presence === 'online') break;
    await shell.run('unregister', 'Leaving', '--yes');
    const { code, out } = await waiting.ended;
    const dead = { kind: 'dead', about: sent?.['messageId'], from: 'system' };
    expect([code, JSON.parse(out)]).toMatchObject([0, { mail: true, notices: [dead] }]);
    expect(await shell.json('inbox', '--as', 'Anxious', '--take')).toMatchObject([dead]);
    expect(await shell.json('inbox', '--as', 'Anxious')).toEqual([]);
  });

  test('show notices about sent messages; --take is refused while another process serves the agent', async () => {
    await shell.run('register', 'Sender');
    await shell.run('register', 'Doomed');
    const [sent] = await shell.json('send', 'Doomed', 'farewell', '--as', 'Sender');
    await shell.run('unregister', 'Doomed', '--yes');
    expect(await shell.run('wait', '--as', 'Sender')).toMatchObject({ code: 0 });
    expect(await shell.json('inbox', '--as', 'Sender', '--take')).toEqual([
      { kind: 'dead', about: sent?.['messageId'], from: 'system', payload: { reason: 'its agent was unregistered' } },
    ]);

    const serving = shell.start(['listen', '--as', 'Sender']);
    await serving.untilPrinted('Listening');
    await shell.json('send', 'Sender', 'to who serves it');
    const taking = await shell.run('inbox', '--as', 'Sender', '--take', '--json');
    expect(taking).toEqual(refused(1, 'cli/agent-busy'));
    serving.child.kill('SIGINT');
    expect((await serving.ended).code).toBe(130);
  });
});
