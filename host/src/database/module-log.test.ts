// What is kept of a log, and who hears of it.

import { expect, test } from 'vitest';
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

test('the newest lines are kept, whatever their number and length', () => {
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

test('followers hear each line until they stop', () => {
  const log = new ModuleLog(() => 0n);
  const heard: string[] = [];
  log.add(line('before'));
  const stop = log.follow(text => heard.push(text));
  log.add(line('while'));
  stop();
  log.add(line('after'));
  expect(heard).toEqual([log.lines()[1]]);
});
