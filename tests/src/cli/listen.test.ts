// `agora listen`: shows messages, and runs any program as an agent.

import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AgoraClient } from '@agora/client';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startTestHub, type TestHub } from '../support/hub.ts';
import { jsonLines, Shell, withPlaceholders, type Running } from './support/shell.ts';

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

/** Starts an agent that listens; settles when it does. */
async function listen(name: string, ...words: string[]): Promise<Running> {
  const running = shell.start(['listen', '--as', name, ...words]);
  await running.untilPrinted('Listening');
  return running;
}

async function stop(running: Running): Promise<number | null> {
  running.child.kill('SIGINT');
  return (await running.ended).code;
}

function ask(toAgent: string, payload: unknown, messageType = 'question') {
  return asker.sendMessage({ toAgent, messageType, payload, timeout: 30 });
}

function send(toAgent: string, payload: unknown, messageType = 'note') {
  return asker.sendMessage({ toAgent, messageType, payload });
}

describe('agora listen', () => {
  test('shows messages; they are acknowledged with --ack, and delivered again without', async () => {
    await shell.run('register', 'Reader');
    const { messageId } = await send('Reader', { n: 1 });
    const looking = await shell.run('listen', '--as', 'Reader', '--limit', '1', '--json');
    expect(looking).toMatchObject({ code: 0, err: '' });
    const shown = {
      id: '<id>',
      type: 'note',
      from: 'Asker',
      to: ['Reader'],
      kind: 'message',
      priority: 2,
      attempt: 1,
      wantsAnswer: false,
      headers: {},
      sentAt: '<time>',
      payload: { n: 1 },
    };
    expect(withPlaceholders(jsonLines(looking.out))).toEqual([shown]);
    const taken = await shell.json('listen', '--as', 'Reader', '--ack', '--limit', '1');
    expect(withPlaceholders(taken)).toEqual([shown]);
    expect(taken[0]?.['id']).toBe(messageId);
    const nothing = await shell.run('listen', '--as', 'Reader', '--ack', '--limit', '1', '--for', '500ms');
    expect(nothing).toMatchObject({ code: 4, out: '' });
    const people = shell.start(['listen', '--as', 'Reader', '--ack', '--type', 'wanted']);
    await people.untilPrinted('Listening');
    await send('Reader', { text: 'not shown' }, 'other');
    await send('Reader', { text: 'for people' }, 'wanted');
    await people.untilPrinted(/ {2}for people\n/);
    expect(await stop(people)).toBe(130);
    expect((await people.ended).out).toMatch(
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z {2}Asker {2}wanted {2}[0-9a-f-]{36}\n {2}for people\n$/,
    );
  });

  test('takes at most its limit; the remaining messages lose no attempt', async () => {
    await shell.run('register', 'Few');
    for (const n of [1, 2, 3, 4]) await send('Few', n);
    const some = await shell.json('listen', '--as', 'Few', '--ack', '--limit', '2');
    expect(some.map(each => each['payload'])).toEqual([1, 2]);
    const run = await shell.json('listen', '--as', 'Few', '--limit', '1', '--exec', 'true');
    expect(withPlaceholders(run.map(({ ms: _, ...each }) => each))).toEqual([
      { id: '<id>', type: 'note', from: 'Asker', kind: 'message', attempt: 1, outcome: 'done', exitCode: 0 },
    ]);
    const left = await shell.json('inbox', '--as', 'Few');
    expect(left.map(each => [each['payload'], each['attempt']])).toEqual([[4, 1]]);
  });

  test('reports errors with their codes and exit codes', async () => {
    const serving = await listen('Served');
    const cases: [string[], number, string][] = [
      [['listen', '--as', 'Served'], 1, 'cli/agent-busy'],
      [['listen', '--as', 'Asker'], 5, 'agent/name-taken'],
      [['listen', '--as', 'X', '--ack', '--exec', 'true'], 2, 'cli/usage'],
      [['listen', '--as', 'X', '--concurrency', '0'], 2, 'cli/usage'],
      [['listen', '--as', 'X', '--server', 'http://127.0.0.1:9'], 3, 'connection/refused'],
    ];
    const ended = await Promise.all(cases.map(([words]) => shell.run(...words, '--json')));
    for (const [at, [words, code, error]] of cases.entries()) {
      const refused = { code, out: '', err: expect.stringContaining(`{"error":{"code":"${error}"`) as string };
      expect([words, ended[at]]).toEqual([words, refused]);
    }
    expect(await stop(serving)).toBe(130);
  });
});

describe('any program is an agent', () => {
  test('reads the message on standard input and prints the answer', async () => {
    const program = `
      let text = '';
      process.stdin.on('data', data => (text += data)).on('end', () => {
        const { payload, from } = JSON.parse(text);
        const { AGORA_MESSAGE_ID, AGORA_MESSAGE_TYPE, AGORA_FROM, AGORA_AGENT, AGORA_ATTEMPT, AGORA_MESSAGE_KIND } = process.env;
        const variables = { AGORA_MESSAGE_ID, AGORA_MESSAGE_TYPE, AGORA_FROM, AGORA_AGENT, AGORA_ATTEMPT, AGORA_MESSAGE_KIND };
        console.log(JSON.stringify({ from, payload, variables }));
      });`;
    writeFileSync(join(shell.folder, 'program.mjs'), program);
    const agent = await listen('Program', '--capability', 'programming', '--', process.execPath, 'program.mjs');
    const answer = await ask('@programming', { n: 1 });
    expect(withPlaceholders(answer)).toEqual({
      status: 'success',
      from: 'Program',
      messageId: '<id>',
      data: {
        from: 'Asker',
        payload: { n: 1 },
        variables: {
          AGORA_MESSAGE_ID: '<id>',
          AGORA_MESSAGE_TYPE: 'question',
          AGORA_FROM: 'Asker',
          AGORA_AGENT: 'Program',
          AGORA_ATTEMPT: '1',
          AGORA_MESSAGE_KIND: 'ask',
        },
      },
    });
    expect(await stop(agent)).toBe(130);
  });

  test('may be a shell command, whose exit code decides about a retry', async () => {
    const line = `read -r message
      case $AGORA_MESSAGE_TYPE in
        text) echo 'plain text' ;;
        nothing) ;;
        broken) echo 'the disk is full' >&2; exit 3 ;;
        later) if [ "$AGORA_ATTEMPT" = 1 ]; then exit 75; fi; echo "attempt $AGORA_ATTEMPT" ;;
        slow) exec sleep 60 ;;
        long) head -c 300000 /dev/zero | tr '\\0' x ;;
      esac`;
    const quiet = shell.start([
      'listen',
      '--as',
      'Shell',
      '--json',
      '--exec',
      line,
      '--timeout',
      '1s',
      '--concurrency',
      '4',
    ]);
    await untilOnline('Shell');
    const types = ['text', 'nothing', 'broken', 'later', 'long'];
    const answers = await Promise.all(types.map(type => ask('Shell', {}, type)));
    expect(answers.map(answer => answer.data ?? answer.error ?? null)).toEqual([
      { text: 'plain text' },
      null,
      'it exited with 3: the disk is full',
      { text: 'attempt 2' },
      'its answer is longer than 256 KiB',
    ]);
    await send('Shell', {}, 'slow');
    await quiet.untilPrinted('"type":"slow"');
    expect(await stop(quiet)).toBe(130);
    const { out, err } = await quiet.ended;
    expect(err).toBe('the disk is full\n');
    const handled = jsonLines(out).map(({ type, outcome, attempt, reason }) => [type, attempt, outcome, reason]);
    expect(new Set(handled.map(each => JSON.stringify(each)))).toEqual(
      new Set(
        [
          ['text', 1, 'done', undefined],
          ['nothing', 1, 'done', undefined],
          ['broken', 1, 'failed', 'it exited with 3: the disk is full'],
          ['later', 1, 'again', 'it exited with 75'],
          ['later', 2, 'done', undefined],
          ['long', 1, 'failed', 'its answer is longer than 256 KiB'],
          ['slow', 1, 'again', 'it did not end within 1 s'],
        ].map(each => JSON.stringify(each)),
      ),
    );
  });

  test('reports progress on file descriptor 3', async () => {
    const agent = await listen('Progress', '--exec', 'echo \'{"step":1}\' >&3; echo two >&3; echo done');
    const pending = asker.ask({ toAgent: 'Progress', messageType: 'question', payload: {}, timeout: 30 });
    const progress: unknown[] = [];
    for await (const { data } of pending) progress.push(data);
    expect(await pending).toMatchObject({ status: 'success', data: { text: 'done' } });
    expect(progress).toEqual([{ step: 1 }, { text: 'two' }]);
    await stop(agent);
  });

  test('handles steps of workflows', async () => {
    const line = 'echo "{\\"action\\":\\"$AGORA_ACTION\\",\\"step\\":\\"$AGORA_STEP\\"}"';
    const agent = await listen('Builder', '--task', 'build', '--task', 'test', '--exec', line);
    const workflow = await asker.startWorkflowCoordination({
      workflowType: 'delivery',
      steps: [
        { agent: 'Builder', action: 'build' },
        { id: 'check', agent: 'Builder', action: 'test', dependsOn: ['build'] },
      ],
    });
    const { status } = await workflow.result({ timeoutMs: 30_000 });
    const steps = await workflow.steps();
    expect([status, ...steps.map(step => step.output)]).toEqual([
      'succeeded',
      { action: 'build', step: 'build' },
      { action: 'test', step: 'check' },
    ]);
    await stop(agent);
  });

  test('handles several messages in parallel with --concurrency', async () => {
    // Each run waits until the other has started.
    const line = 'touch "$AGORA_MESSAGE_ID.mark"; while [ $(ls *.mark | wc -l) -lt 2 ]; do sleep 0.05; done; echo both';
    const agent = await listen('Pair', '--concurrency', '2', '--exec', line);
    const answers = await Promise.all([ask('Pair', 1), ask('Pair', 2)]);
    expect(answers.map(answer => answer.data)).toEqual([{ text: 'both' }, { text: 'both' }]);
    expect(readdirSync(shell.folder).filter(name => name.endsWith('.mark'))).toHaveLength(2);
    await stop(agent);
  });

  test('may finish after Ctrl-C; after the grace period it is ended and its message is delivered again', async () => {
    const patient = await listen(
      'Patient',
      '--exec',
      'touch begun; while [ ! -e go ]; do sleep 0.05; done; echo finished',
    );
    const answer = ask('Patient', {});
    await exists('begun');
    patient.child.kill('SIGINT');
    writeFileSync(join(shell.folder, 'go'), '');
    expect(await answer).toMatchObject({ status: 'success', data: { text: 'finished' } });
    expect((await patient.ended).code).toBe(130);

    const line = 'touch hurried; trap "" TERM; sleep 60 & wait; sleep 60';
    const hurried = await listen('Hurried', '--grace', '200ms', '--exec', line);
    await send('Hurried', 'again');
    await exists('hurried');
    expect(await stop(hurried)).toBe(130);
    expect((await hurried.ended).out).toMatch(
      /✗ note from Asker: again \(\d+ ms\), the process that ran it was stopped\n/,
    );
    const [next] = await shell.json('listen', '--as', 'Hurried', '--ack', '--limit', '1', '--for', '30s');
    expect(next).toMatchObject({ payload: 'again', attempt: 2 });
  });

  test('that does not exist is reported before the first message, which loses no attempt', async () => {
    await shell.run('register', 'Lost');
    await send('Lost', 'still there');
    writeFileSync(join(shell.folder, 'no-script.sh'), 'echo hello');
    const cases = [
      ['no-such-program', 'no folder of PATH has an executable no-such-program'],
      ['./nope.sh', './nope.sh does not exist'],
      ['./no-script.sh', './no-script.sh is not executable'],
    ] as const;
    for (const [program, fault] of cases) {
      const message = `The program cannot be started: ${fault}.`;
      const err = `${JSON.stringify({ error: { code: 'cli/no-program', message } })}\n`;
      const ended = await shell.run('listen', '--as', 'Lost', '--json', '--', program);
      expect(ended).toEqual({ code: 2, out: '', err });
    }
    const [next] = await shell.json('listen', '--as', 'Lost', '--ack', '--limit', '1', '--for', '30s');
    expect(next).toMatchObject({ payload: 'still there', attempt: 1 });
  });

  test('that is deleted while the session runs ends the session, and the message is not lost', async () => {
    const script = join(shell.folder, 'short-lived.sh');
    writeFileSync(script, '#!/bin/sh\necho hello\n', { mode: 0o755 });
    const agent = await listen('Deleted', '--', './short-lived.sh');
    rmSync(script);
    await send('Deleted', 'still there');
    expect(await agent.ended).toMatchObject({ code: 2, err: expect.stringContaining('ENOENT') as string });
    const [next] = await shell.json('listen', '--as', 'Deleted', '--ack', '--limit', '1', '--for', '30s');
    expect(next).toMatchObject({ payload: 'still there', attempt: 2 });
  });

  test.each([
    ['in the background', 'sleep 40 & echo $! > pid; echo done'],
    ['with its output elsewhere', 'nohup sleep 40 >/dev/null 2>&1 </dev/null & echo $! > pid; echo done'],
    ['in a session of its own', 'setsid sleep 40 >/dev/null 2>&1 </dev/null & echo $! > pid; echo done'],
    ['that goes on printing', '(while sleep 0.01; do echo more; done) & echo $! > pid; echo done'],
  ])('may leave a process behind, %s: its end is the end of the run', async (_, line) => {
    const agent = await listen('Parent', '--timeout', '20s', '--exec', line);
    for (const n of [1, 2]) {
      const { attempt, data } = await answered('Parent', n);
      expect(attempt).toBe(1);
      expect(String((data as { text: string }).text).split('\n')).toContain('done');
      process.kill(Number(readFileSync(join(shell.folder, 'pid'), 'utf8')), 'SIGKILL');
    }
    await stop(agent);
  });

  test('that is over its time ends with all processes of its group, also if one ignores the signal', async () => {
    const line = '(trap "" TERM; echo $$ > never; sleep 40; sleep 40) & echo $! > stubborn; sleep 40';
    const agent = await listen('Group', '--timeout', '300ms', '--exec', line);
    await send('Group', 1);
    await agent.untilPrinted('again');
    const pid = Number(readFileSync(join(shell.folder, 'stubborn'), 'utf8'));
    await vi.waitUntil(() => !isAlive(pid), { timeout: 5_000, interval: 20 });
    await stop(agent);
  });

  test.each([
    ['reads nothing of a long message', 'exec 0<&-; echo done', 'done'],
    ['prints nothing', 'cat > /dev/null', undefined],
    ['prints 200 KB', 'head -c 200000 /dev/zero | tr "\\0" x', 'x'.repeat(200_000)],
  ])('that %s answers', async (_, line, text) => {
    const agent = await listen('Odd', '--exec', line);
    const { data } = await answered('Odd', 'y'.repeat(200_000));
    expect(data).toEqual(text === undefined ? null : { text });
    await stop(agent);
  });

  test('that was killed by a signal is run again', async () => {
    const agent = await listen('Killed', '--exec', 'if [ "$AGORA_ATTEMPT" = 1 ]; then kill -9 $$; fi; echo alive');
    expect(await answered('Killed', {})).toEqual({ attempt: 2, data: { text: 'alive' } });
    await stop(agent);
  });

  test('may run beside it, and settle each message with a line of JSON', async () => {
    const beside = shell.start(['listen', '--as', 'Beside', '--settle', '--json', '--concurrency', '4'], {
      isOpen: true,
    });
    await untilOnline('Beside');
    const answers = Promise.all([ask('Beside', 1), ask('Beside', 2), ask('Beside', 3)]);
    while (jsonLines(whole(beside.out)).length < 3) await beside.untilPrinted(/(.*\n){3}/);
    const ids = new Map(jsonLines(beside.out).map(({ payload, id }) => [payload, id]));
    const write = (line: object) => beside.child.stdin?.write(`${JSON.stringify(line)}\n`);
    write({ answer: ids.get(1), data: { well: 'done' } });
    write({ fail: ids.get(2), reason: 'cannot' });
    write({ ack: 'unknown' });
    write({ ack: ids.get(3) });
    expect((await answers).map(answer => answer.data ?? answer.error ?? null)).toEqual([
      { well: 'done' },
      'cannot',
      null,
    ]);
    beside.child.stdin?.end();
    const { code, err } = await beside.ended;
    expect(code).toBe(0);
    expect(jsonLines(err)).toEqual([
      { error: { code: 'cli/bad-settlement', message: 'message unknown is not open here' } },
    ]);
  });
});

/** Asks, and returns the answer and the attempt that gave it. */
async function answered(to: string, payload: unknown): Promise<{ attempt: number; data: unknown }> {
  const answer = await ask(to, payload);
  const [delivery] = await asker.messageStatus(String(answer.messageId));
  return { attempt: delivery?.attempt ?? 0, data: answer.status === 'success' ? (answer.data ?? null) : answer };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** The complete lines of a text. */
function whole(text: string): string {
  return text.slice(0, text.lastIndexOf('\n') + 1);
}

async function untilOnline(name: string): Promise<void> {
  for await (const [agent] of asker.watchAgents({ name })) if (agent?.presence === 'online') return;
}

/** Polls, since no event reports a new file on every file system. */
async function exists(name: string): Promise<void> {
  await vi.waitUntil(() => existsSync(join(shell.folder, name)), { timeout: 20_000, interval: 20 });
}
