// `agora workflow watch` on a terminal: one drawing, redrawn in place, never higher than the screen.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { gate } from '../support/received.ts';
import { startTestHub, type TestHub } from '../support/hub.ts';
import { Shell } from './support/shell.ts';

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

/** The content of the screen: interprets the escape sequences that these drawings use (line up, erase) and text. */
function screenOf(output: string): string[] {
  const lines: string[] = [''];
  let row = 0;
  for (const [piece, count, verb] of output.matchAll(/\u001b\[\??(\d*)([A-Za-z])|\n|[^\u001b\n]+/g)) {
    if (verb === 'A') row = Math.max(0, row - Number(count || 1));
    else if (verb === 'K' || verb === 'J') lines[row] = '';
    else if (piece === '\n') lines[++row] ??= '';
    else if (verb === undefined) lines[row] = `${lines[row] ?? ''}${piece.replaceAll('\r', '')}`;
    if (verb === 'J') lines.length = row + 1;
  }
  return lines;
}

test('draws the graph as it runs, and leaves the last drawing on the screen', async () => {
  const worker = await hub.join('Painter');
  const { open, opened } = gate();
  worker.onTask('*', async task => {
    if (String(task.action) === 'left') await opened;
    return task.action;
  });
  const steps = [
    'agent: Painter, action: top',
    'agent: Painter, action: left, depends_on: [top]',
    'agent: Painter, action: right, depends_on: [top]',
    'agent: Painter, action: bottom, depends_on: [left, right]',
  ];
  const text = `workflow_type: diamond\nsteps:\n${steps.map(step => `  - { ${step} }\n`).join('')}`;
  writeFileSync(join(shell.folder, 'diamond.yaml'), text);

  const watching = shell.startInTerminal(['workflow', 'start', 'diamond.yaml', '--watch', '--no-color']);
  await watching.untilPrinted(/2\/4[\s\S]*✓ right/);
  const during = screenOf(watching.out);
  expect(during.filter(line => /[╭├╰]|^ {2}╰/.test(line)).map(line => line.slice(0, 14).trimEnd())).toEqual([
    '╭───✓ top',
    '├─┬─● left',
    '╰─┼─✓ right',
    '  ╰─○ bottom',
  ]);
  open();
  const { code, out } = await watching.ended;
  expect(code).toBe(0);
  const after = screenOf(out).filter(line => line.trim() !== '');
  expect(after.filter(line => line.includes('✓'))).toHaveLength(4);
  expect(after.filter(line => line.includes('diamond'))).toHaveLength(1);
  expect(after.join('\n')).toMatch(/diamond {2}succeeded {2}4\/4/);
});

test('keeps a thousand steps within the height of the screen', async () => {
  const worker = await hub.join('Mason');
  const { open, opened } = gate();
  worker.onTask('lay', async () => {
    await opened;
  });
  worker.onTask('*', () => 'done');
  const middle = Array.from(
    { length: 998 },
    (_, at) => `  - { id: b${at}, agent: Mason, action: lay, depends_on: [begin] }\n`,
  );
  const all = middle.map((_, at) => `b${at}`).join(', ');
  const text = [
    'workflow_type: wall\nsteps:\n  - { agent: Mason, action: begin }\n',
    ...middle,
    `  - { agent: Mason, action: finish, depends_on: [${all}] }\n`,
  ].join('');
  writeFileSync(join(shell.folder, 'wall.yaml'), text);
  const watching = shell.startInTerminal(['workflow', 'start', 'wall.yaml', '--watch', '--no-color'], {
    rows: 12,
    columns: 70,
  });
  await watching.untilPrinted(/1\/1000[\s\S]*998 × lay/);
  const during = screenOf(watching.out).filter(line => line.trim() !== '');
  expect(during.length).toBeLessThanOrEqual(12);
  expect(Math.max(...during.map(line => line.length))).toBeLessThanOrEqual(70);
  expect(during.some(line => line.includes('finish'))).toBe(true);
  open();
  expect((await watching.ended).code).toBe(0);
});

test('ends at Ctrl-C, and the workflow continues', async () => {
  await hub.join('Nobody');
  writeFileSync(join(shell.folder, 'wait.yaml'), 'workflow_type: wait\nsteps: [{ agent: Nobody, action: wait }]\n');
  const watching = shell.startInTerminal(['workflow', 'start', 'wait.yaml', '--watch']);
  await watching.untilPrinted(/0\/1/);
  watching.child.stdin?.write('\u0003');
  expect((await watching.ended).code).toBe(130);
  expect(await shell.json('workflow', 'list', '--status', 'running')).toMatchObject([{ type: 'wait' }]);
});
