// The kept lines of a log, and its followers.

import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync, appendFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { LogFile } from './log-file.ts';
import { ModuleLog } from './module-log.ts';

const line = (message: string) => ({ level: 2, message, functionName: 'f', line: 7 });

test('lines are JSON with the fields that tools read', () => {
  const log = new ModuleLog(() => 1_700_000_000_000_000n);
  log.add(line('hello'));
  log.add({ level: 101, message: 'Uncaught Error: x', functionName: 'f', line: undefined, trace: ['g (file:1:2)'] });
  log.addSystem('Warn', 'late');
  expect(log.lines()).toEqual([
    '{"level":"Info","ts":1700000000000000,"filename":"spacetimedb_module","line_number":7,"function":"f","message":"hello"}',
    '{"level":"Panic","ts":1700000000000000,"filename":"spacetimedb_module","function":"f","message":"Uncaught Error: x","trace":[{"func_name":"g (file:1:2)"}]}',
    '{"level":"Warn","ts":1700000000000000,"target":"__spacetimedb__","filename":"__spacetimedb__","function":"__spacetimedb__","message":"late"}',
  ]);
});

test('the newest lines are kept within bounds of number and length', () => {
  const log = new ModuleLog(() => 0n, 100);
  for (let n = 0; n < 1050; n++) log.add(line(`n${n}`));
  expect(log.lines()).toHaveLength(100);
  expect(log.lines(2).map(text => (JSON.parse(text) as { message: string }).message)).toEqual(['n1048', 'n1049']);
  expect(log.lines(0)).toEqual([]);

  for (let n = 0; n < 300; n++) log.add(line('x'.repeat(1_000_000)));
  const kept = log.lines();
  expect(kept.length).toBe(100);
  expect(kept.join('').length).toBeLessThan(8 * 1024 * 1024);
});

test('followers receive each line until they stop', () => {
  const log = new ModuleLog(() => 0n);
  const heard: (string | undefined)[] = [];
  log.add(line('before'));
  const stop = log.follow(text => heard.push(text));
  log.add(line('while'));
  stop();
  log.add(line('after'));
  expect(heard).toEqual([log.lines()[1]]);
});

test('strangers cannot push other lines out: their refused calls are counted', () => {
  let now = 0n;
  const log = new ModuleLog(() => now);
  log.add(line('an operator must see this'));
  for (let n = 0; n < 30_000; n++) {
    log.addMismatch('reducer', `no_such_${n}`, 'unknown');
    log.add({ level: 101, message: `Uncaught Error: x${n}`, functionName: 'f', line: undefined });
    log.addSystem('Error', `client_disconnected failed: ${n}`);
  }
  expect(log.lines()[0]).toContain('an operator must see this');
  expect(log.lines().length).toBeLessThan(300);

  now += 60_000_000n;
  log.addMismatch('reducer', 'again', 'unknown');
  expect(
    log
      .lines()
      .slice(-4)
      .map(text => (JSON.parse(text) as { message: string }).message),
  ).toEqual([
    expect.stringContaining('"again" failed'),
    'not logged: 29970 more of: calls of a nonexistent reducer',
    'not logged: 29900 more of: f: Uncaught Error: x#',
    'not logged: 29900 more of: client_disconnected failed: #',
  ]);
  const count = log.lines().length;
  for (let n = 0; n < 1000; n++) log.addMismatch('reducer', 'again', 'unknown');
  expect(log.lines()).toHaveLength(count);
  log.close();
  expect(log.lines().at(-1)).toContain('1000 more of');
});

test('many kinds of lines share one limit', () => {
  const log = new ModuleLog(() => 0n);
  const letters = (n: number) => n.toString(26).replaceAll(/[0-9]/g, digit => 'qrstuvwxyz'.charAt(Number(digit)));
  for (let n = 0; n < 20_000; n++) log.addSystem('Error', `about ${letters(n)}`);
  expect(log.lines()).toHaveLength(356);
});

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function logPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'agora-log-'));
  folders.push(folder);
  return join(folder, 'logs', 'module.log');
}

const open = (path: string, maxBytes?: number) =>
  new ModuleLog(() => 0n, 100, new LogFile(path, maxBytes), LogFile.read(path, 100));

test('followers are notified of the end', () => {
  const log = new ModuleLog(() => 0n);
  const heard: (string | undefined)[] = [];
  log.follow(text => heard.push(text));
  log.close();
  expect(heard).toEqual([undefined]);
});

test('lines outlast the process, readable by their owner only', () => {
  const path = logPath();
  const before = open(path);
  before.add(line('one'));
  before.addSystem('Warn', 'two');
  const lines = before.lines();
  before.close();

  const after = open(path);
  expect(after.lines()).toEqual(lines);
  after.add(line('three'));
  after.close();
  expect(open(path).lines()).toHaveLength(3);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('a line that a crash cut short is skipped, and the next one starts a new line', () => {
  const path = logPath();
  open(path).close();
  writeFileSync(path, '{"message":"whole"}\n');
  appendFileSync(path, '{"message":"ha');
  const log = open(path);
  log.add(line('next'));
  log.close();
  expect(LogFile.read(path, 10).map(text => (JSON.parse(text) as { message: string }).message)).toEqual([
    'whole',
    'next',
  ]);
});

test('the files stay below their maximum size', () => {
  const path = logPath();
  for (let times = 0; times < 50; times++) {
    const file = new LogFile(path, 10_000);
    for (let n = 0; n < 7; n++) file.append(`{"n":"${times} ${n} ${'x'.repeat(1000)}"}`);
    file.close();
  }
  const sizes = readdirSync(join(path, '..')).map(name => statSync(join(path, '..', name)).size);
  expect(sizes).toHaveLength(2);
  expect(Math.max(...sizes)).toBeLessThan(12_000);
  expect(LogFile.read(path, 1)[0]).toContain('49 6');
});

test('an unwritable folder loses the file, not the log in memory', () => {
  const log = open('/dev/null/logs/module.log');
  log.add(line('still here'));
  log.close();
  expect(log.lines()[0]).toContain('still here');
});
