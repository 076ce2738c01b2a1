// `agora workflow …`: starting, waiting, showing and controlling workflows.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PermanentError } from '@agora/client';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startTestHub, type TestHub } from '../support/hub.ts';
import { jsonLines, Shell, withPlaceholders } from './support/shell.ts';

// A dozen processes in sequence are slow on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

let hub: TestHub;
let shell: Shell;

beforeAll(async () => {
  hub = await startTestHub();
  shell = new Shell({ server: hub.url, database: hub.database });
  const builder = await hub.join('Builder');
  builder.onTask(['build', 'test', 'ship'], task => ({ did: task.action }));
  let tries = 0;
  builder.onTask('flaky', () => {
    if (++tries === 1) throw new PermanentError('no ink');
    return 'done';
  });
  builder.onTask('broken', () => {
    throw new PermanentError('it is broken');
  });
  // Never finishes.
  builder.onTask('slow', (_, { signal }) => new Promise(resolve => signal.addEventListener('abort', resolve)));
});

afterAll(async () => {
  shell[Symbol.dispose]();
  await hub[Symbol.asyncDispose]();
});

/** Writes a definition to a file in the shell's folder. */
function file(name: string, steps: readonly string[], more = ''): string {
  const lines = steps.map(step => `  - { ${step} }`).join('\n');
  writeFileSync(join(shell.folder, name), `workflow_type: release\n${more}steps:\n${lines}\n`);
  return name;
}

async function started(name: string, steps: readonly string[]): Promise<string> {
  const [workflow] = await shell.json('workflow', 'start', file(name, steps));
  return String(workflow?.['workflowId']);
}

describe('agora workflow start', () => {
  test('starts a workflow and prints its id; with --wait, its status and outputs', async () => {
    const steps = ['agent: Builder, action: build', 'agent: Builder, action: test, depends_on: [build]'];
    const [workflow] = await shell.json('workflow', 'start', file('a.yaml', steps));
    expect(withPlaceholders(workflow)).toEqual({ workflowId: '<id>', type: 'release', status: 'running', total: 2 });

    const ended = await shell.run('workflow', 'start', 'a.yaml', '--wait', '--timeout', '30s', '--json');
    expect(ended).toMatchObject({ code: 0, err: '' });
    expect(withPlaceholders(jsonLines(ended.out))).toEqual([
      {
        workflowId: '<id>',
        status: 'succeeded',
        reason: '',
        outputs: { build: { did: 'build' }, test: { did: 'test' } },
      },
    ]);
  });

  test('reads JSON from standard input, and fails with the workflow', async () => {
    const input = JSON.stringify({ workflowType: 'bad', steps: [{ agent: 'Builder', action: 'broken' }] });
    const running = shell.start(['workflow', 'start', '-', '--wait', '--json'], { input });
    const { code, out } = await running.ended;
    expect(code).toBe(1);
    expect(jsonLines(out)).toMatchObject([{ status: 'failed', reason: expect.stringContaining('broken') as string }]);
  });

  test('waits no longer than its timeout', async () => {
    const ended = await shell.run(
      ...['workflow', 'start', file('slow.yaml', ['agent: Builder, action: slow']), '--wait', '--timeout', '300ms'],
    );
    expect(ended.code).toBe(4);
    expect(ended.err).toContain('(workflow/timed-out)');
  });

  test('reports every fault of a definition with its step, and starts no workflow', async () => {
    const faulty = file('faulty.yaml', ['action: nobody', 'agent: Builder, action: late, timeout_ms: 0']);
    const { code, err, out } = await shell.run('workflow', 'start', faulty);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(/2 faults:\n {2}- line 3: .*"nobody".*\n {2}- line 4: .*"late"/);
    // Faults of the text, of the content and of names are in one answer.
    const all = file('all.yaml', ['agent: Bilder, action: one', 'agent: Builder, acton: two'], 'metadata: {a: 1\n');
    const many = await shell.run('workflow', 'start', all);
    expect(many.code).toBe(2);
    expect(many.err).toMatch(/line 3: .*\}\n/);
    expect(many.err).toMatch(/line 4: step "one": there is no agent "Bilder" \(did you mean "Builder"\?\)/);
    expect(many.err).toMatch(/line 5: step 2: .*"acton"/);
    const unknown = await shell.run('workflow', 'start', file('who.yaml', ['agent: Bilder, action: build']), '--json');
    expect(unknown.code).toBe(2);
    expect(jsonLines(unknown.err)).toMatchObject([
      { error: { code: 'workflow/bad-definition', message: expect.stringContaining('"Bilder"') as string } },
    ]);
  });

  test('refuses unreadable files and invalid flags', async () => {
    const [missing, broken, lonely, pair, long] = await Promise.all([
      shell.run('workflow', 'start', 'nowhere.yaml'),
      shell.start(['workflow', 'start', '-'], { input: '{' }).ended,
      shell.run('workflow', 'start', file('b.yaml', ['agent: Builder, action: build']), '--timeout', '3s'),
      shell.run('workflow', 'start', 'b.yaml', '--metadata', 'ticket'),
      shell.run('workflow', 'start', 'b.yaml', '--wait', '--timeout', '60d'),
    ]);
    expect(missing).toMatchObject({ code: 2, err: expect.stringContaining('nowhere.yaml') as string });
    expect(broken).toMatchObject({ code: 2, err: expect.stringContaining('workflow/bad-definition') as string });
    expect(lonely).toMatchObject({ code: 2, err: expect.stringContaining('--wait or --watch') as string });
    expect(long).toMatchObject({ code: 2, err: expect.stringContaining('at most 24d') as string });
    expect(pair).toMatchObject({ code: 2, err: expect.stringContaining('key=value') as string });
  });
});

describe('a running workflow', () => {
  test('is shown with its steps and their wait reasons, paused, resumed and cancelled', async () => {
    const id = await started('c.yaml', [
      'agent: Builder, action: slow',
      'agent: Builder, action: ship, depends_on: [slow]',
    ]);
    const [why, shown] = await Promise.all([shell.json('workflow', 'why', id), shell.json('workflow', 'show', id)]);
    expect(why).toMatchObject([
      { step: 'slow', state: 'running', waitsFor: 'answer', whom: ['Builder'] },
      { step: 'ship', state: 'pending', waitsFor: 'steps', whom: ['slow'] },
    ]);
    expect(withPlaceholders(shown)).toEqual([
      {
        ...{
          workflowId: '<id>',
          type: 'release',
          status: 'running',
          total: 2,
          ended: 0,
          reason: '',
          startedAt: '<time>',
        },
        steps: [
          {
            ...{ position: 0, name: 'slow', agent: 'Builder', action: 'slow', state: 'running', attempt: 0 },
            ...{ startedAt: '<time>', dependencies: [], tries: 1 },
          },
          {
            position: 1,
            name: 'ship',
            agent: 'Builder',
            action: 'ship',
            state: 'pending',
            attempt: 0,
            dependencies: [0],
            tries: 0,
          },
        ],
      },
    ]);
    const table = await shell.run('workflow', 'show', id);
    expect(table.out).toMatch(/release {2}running {2}0\/2/);
    expect(table.out).toMatch(/slow +running +Builder +1 /);

    expect(await shell.json('workflow', 'pause', id)).toEqual([{ workflowId: id, done: 'paused' }]);
    expect(await shell.json('workflow', 'list', '--status', 'paused')).toMatchObject([{ workflowId: id }]);
    expect(await shell.json('workflow', 'resume', id)).toEqual([{ workflowId: id, done: 'resumed' }]);
    const unconfirmed = await shell.run('workflow', 'cancel', id);
    expect(unconfirmed).toMatchObject({ code: 2, err: expect.stringContaining('0 of 2 steps') as string });
    expect(unconfirmed.err).toContain('--yes');
    expect(await shell.json('workflow', 'cancel', id, '--yes', '--reason', 'no need')).toEqual([
      { workflowId: id, done: 'cancelled' },
    ]);
    const [again, list] = await Promise.all([
      shell.run('workflow', 'pause', id),
      shell.json('workflow', 'list', '--status', 'cancelled'),
    ]);
    expect(again).toMatchObject({ code: 1, err: expect.stringContaining('workflow/bad-move') as string });
    expect(list).toMatchObject([{ workflowId: id, type: 'release', status: 'cancelled' }]);
  });

  test('is watched as one line per change on a pipe, and as events with --json; the exit code is its result', async () => {
    const id = await started('d.yaml', [
      'agent: Builder, action: build',
      'agent: Builder, action: broken, depends_on: [build]',
    ]);
    const [lines, events] = await Promise.all([
      shell.run('workflow', 'watch', id),
      shell.run('workflow', 'watch', id, '--json'),
    ]);
    expect([lines.code, events.code]).toEqual([1, 1]);
    const types = ['workflow_started', 'step_ready', 'step_completed', 'step_ready', 'step_failed', 'workflow_failed'];
    expect(jsonLines(events.out).map(event => event['type'])).toEqual(types);
    expect(lines.out.trimEnd().split('\n')).toHaveLength(types.length);
    expect(lines.out).toMatch(/step_completed +build {2}→ Builder/);
  });

  test('is retried from the failed step, approved and rejected by the approver, and forked', async () => {
    const id = await started('e.yaml', ['agent: Builder, action: flaky']);
    expect((await shell.run('workflow', 'watch', id)).code).toBe(1);
    expect(await shell.json('workflow', 'retry', id, 'flaky')).toEqual([
      { workflowId: id, step: 'flaky', done: 'retried' },
    ]);
    const retried = await shell.run('workflow', 'watch', id);
    expect(retried.code).toBe(0);
    expect(retried.out).toMatch(/workflow_failed[^]*step_completed[^]*workflow_complet\w+\n$/);

    using boss = new Shell({ server: hub.url, database: hub.database, token: hub.ownerToken });
    const asked = await started('f.yaml', ['agent: Builder, action: ship, approval: { by: Builder }']);
    expect((await shell.run('workflow', 'approve', asked, 'ship')).code).toBe(1);
    expect(await boss.json('workflow', 'approve', asked, 'ship', '--comment', 'fine')).toMatchObject([
      { done: 'approved' },
    ]);
    expect((await shell.run('workflow', 'watch', asked)).code).toBe(0);
    const forked = await shell.run('workflow', 'fork', asked, 'ship', '--json');
    const [{ workflowId } = {}] = jsonLines(forked.out);
    expect(workflowId).not.toBe(asked);
    expect(await boss.json('workflow', 'reject', String(workflowId), 'ship')).toMatchObject([{ done: 'rejected' }]);
    expect((await shell.run('workflow', 'watch', String(workflowId))).code).toBe(1);
  });

  test('that waits for an agent that is offline says so', async () => {
    await (await hub.join('Sleeper')).close();
    const id = await started('g.yaml', ['agent: Sleeper, action: dream']);
    const [json, table] = await Promise.all([shell.json('workflow', 'why', id), shell.run('workflow', 'why', id)]);
    expect(json).toMatchObject([{ step: 'dream', whom: ['Sleeper'], offline: ['Sleeper'] }]);
    expect(table.out).toContain('Sleeper (offline)');
  });

  test('that does not exist, or a step that does not exist, ends with exit code 6', async () => {
    const id = await started('g.yaml', ['agent: Builder, action: build']);
    const unknown = '01900000-0000-7000-8000-000000000000';
    const ended = await Promise.all([
      shell.run('workflow', 'show', unknown),
      shell.run('workflow', 'watch', unknown),
      shell.run('workflow', 'pause', 'nonsense'),
      shell.run('workflow', 'retry', id, 'nowhere'),
    ]);
    expect(ended.map(({ code, out }) => ({ code, out }))).toEqual(ended.map(() => ({ code: 6, out: '' })));
  });
});
