// `agora agents`, `register`, `unregister`, `events` and `publish-event`.

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
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

describe('agora agents', () => {
  test('lists all agents, and those that match filters', async () => {
    const registered = await shell.json('register', 'Writer', '--capability', 'writing', '--metadata', '{"desk":4}');
    await hub.join('Reviewer', { agentType: 'specialist', capabilities: ['review', 'writing'] });
    const writer = {
      id: 1,
      name: 'Writer',
      agentType: 'worker',
      capabilities: ['writing'],
      status: 'active',
      presence: 'offline',
      metadata: { desk: 4 },
      owner: '<identity>',
      registeredAt: '<time>',
      updatedAt: '<time>',
    };
    expect(withPlaceholders(registered)).toEqual([writer]);
    const filters: [string[], string[]][] = [
      [[], ['Writer', 'Reviewer']],
      [['--capability', 'writing', '--capability', 'review'], ['Reviewer']],
      [['--type', 'worker', '--status', 'active'], ['Writer']],
      [['--presence', 'online'], ['Reviewer']],
      [['--name', 'Nobody'], []],
    ];
    const found = await Promise.all(filters.map(([flags]) => shell.json('agents', ...flags)));
    for (const [at, [flags, names]] of filters.entries()) {
      expect([flags, found[at]?.map(each => each['name'])]).toEqual([flags, names]);
    }
    const table = await shell.run('agents', '--name', 'Writer');
    expect(table.out).toMatch(
      /^NAME {4}PRESENCE {2}STATUS {2}TYPE {4}CAPABILITIES {2}SINCE\nWriter {2}offline {3}active {2}worker {2}writing {7}\S.*\n$/,
    );
    expect(await shell.run('agents', '--status', 'asleep')).toEqual({
      code: 2,
      out: '',
      err: 'error --status: active, busy, away, draining.\n',
    });
  });

  test('follows changes with --watch: one line per change for programs, a redrawn table on a terminal', async () => {
    const lines = shell.start(['agents', '--watch', '--json', '--name', 'Comer']);
    const table = shell.startInTerminal(['agents', '--watch', '--name', 'Comer']);
    await table.untilPrinted('0 agents');
    const comer = await hub.join('Comer');
    await Promise.all([
      lines.untilPrinted('"presence":"online"'),
      table.untilPrinted(/online[\s\S]*1 agents, 1 online/),
    ]);
    await comer.setStatus('busy');
    await Promise.all([lines.untilPrinted('"status":"busy"'), table.untilPrinted('busy')]);
    await comer.unregisterAgent();
    await Promise.all([
      lines.untilPrinted('"change":"gone"'),
      table.untilPrinted(/0 agents, 0 online[\s\S]*0 agents, 0 online/),
    ]);
    lines.child.kill('SIGINT');
    // Ctrl-C, as if typed.
    table.child.stdin?.write('\u0003');
    const [piped, drawn] = await Promise.all([lines.ended, table.ended]);
    expect([piped.code, drawn.code]).toEqual([130, 130]);
    const changes = jsonLines(piped.out).map(({ change }) => change);
    expect([changes[0], changes.at(-1)]).toEqual(['here', 'gone']);
  });

  test('is refused for agents of other identities, unknown agents and invalid values', async () => {
    await hub.join('Foreign');
    const cases: [string[], number, string][] = [
      [['unregister', 'Foreign'], 5, 'agent/not-yours'],
      [['unregister', 'Nobody'], 6, 'agent/unknown'],
      [['register', 'Foreign'], 5, 'agent/name-taken'],
      [['register', 'system'], 2, 'agent/bad-name'],
      [['register', 'X', '--metadata', '[1]'], 2, 'cli/usage'],
      [['register', 'X', '--credit', '1000'], 2, 'cli/usage'],
    ];
    const ended = await Promise.all(cases.map(([words]) => shell.run(...words, '--json')));
    for (const [at, [words, code, error]] of cases.entries()) {
      const refused = { code, out: '', err: expect.stringContaining(`{"error":{"code":"${error}"`) as string };
      expect([words, ended[at]]).toEqual([words, refused]);
    }
    expect(await shell.json('unregister', 'Writer')).toEqual([{ name: 'Writer', status: 'unregistered' }]);
  });
});

describe('agora events', () => {
  test('shows the last events, those since a number or a time, and those of some types', async () => {
    const ids = [];
    for (const n of [1, 2, 3]) {
      const [published] = await shell.json('publish-event', `build.number_${n}`, '--payload', `{"n":${n}}`);
      expect(published).toMatchObject({ type: `build.number_${n}`, source: expect.stringMatching(/^cli-/) as string });
      ids.push(published?.['eventId']);
    }
    const all = await shell.json('events', 'build.*', '--since', '0');
    expect(all.map(each => each['id'])).toEqual(ids);
    expect(withPlaceholders(all[0])).toEqual({
      seq: all[0]?.['seq'],
      id: '<id>',
      type: 'build.number_1',
      source: expect.stringMatching(/^cli-/) as string,
      at: '<time>',
      data: { n: 1 },
    });
    const second = Number(all[1]?.['seq']);
    const [since, soon, ago, moment, last, limited] = await Promise.all([
      shell.json('events', '--since', String(second), 'build.number_2', 'build.number_3'),
      shell.json('events', '--since', '0s'),
      shell.json('events', '--since', '10m', 'build.*'),
      shell.json('events', '--since', String(all[0]?.['at']), 'build.*'),
      shell.json('events', '--last', '1'),
      shell.json('events', '--since', '0', '--limit', '2'),
    ]);
    const numbers = (events: Record<string, unknown>[]) => events.map(each => each['seq']);
    expect(numbers(since)).toEqual([second, second + 1]);
    expect(numbers(soon)).toEqual([]);
    expect(numbers(ago)).toEqual(numbers(all));
    expect(numbers(moment)).toEqual(numbers(all));
    expect(numbers(last)).toEqual([second + 1]);
    expect(limited).toHaveLength(2);
  });

  test('follows new events until Ctrl-C', async () => {
    const following = shell.start(['events', '--follow', 'live.*']);
    await following.untilPrinted('Following');
    const publisher = await hub.join('Publisher');
    await publisher.publishEvent({ eventType: 'other.event', data: {} });
    await publisher.publishEvent({ eventType: 'live.event', data: { n: 1 } });
    await following.untilPrinted('live.event');
    following.child.kill('SIGINT');
    const { code, out } = await following.ended;
    expect(code).toBe(130);
    expect(out).toMatch(/^\d+ {2}\S+ ?\S* {2}live\.event {2}Publisher {2}\{"n":1\}\n$/);
  });

  test('refuses invalid events and filters', async () => {
    const cases: [string[], number, string][] = [
      [['publish-event', 'agent_registration', 'x'], 1, 'event/reserved-type'],
      [['publish-event', 'build.failed', '--payload', '[1]'], 2, 'cli/usage'],
      [['events', '--since', 'yesterday'], 2, 'cli/usage'],
      [['events', 'no type!'], 2, 'event/bad-filter'],
    ];
    const ended = await Promise.all(cases.map(([words]) => shell.run(...words, '--json')));
    for (const [at, [words, code, error]] of cases.entries()) {
      const refused = { code, out: '', err: expect.stringContaining(`{"error":{"code":"${error}"`) as string };
      expect([words, ended[at]]).toEqual([words, refused]);
    }
  });
});
