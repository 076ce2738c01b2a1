// `agora migrate-files`: every file of a tree is sent once, or stays with a reason, also when the run is killed.

import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { startTestHub, type TestHub } from '../support/hub.ts';
import { filesBelow, LEFT, makeTree, SKIPPED } from './support/inbox-tree.ts';
import { jsonLines, Shell, type Ended } from './support/shell.ts';

vi.setConfig({ testTimeout: 120_000 });

const FILES = 10_000;

let hub: TestHub;
let shell: Shell;
let tree: string;

beforeEach(async () => {
  hub = await startTestHub();
  shell = new Shell({ server: hub.url, database: hub.database });
  tree = join(shell.folder, 'tree');
  mkdirSync(tree);
  // They are offline, so that their messages wait.
  for (const name of ['Ada', 'Grace']) await (await hub.join(name)).close();
});

afterEach(async () => {
  shell[Symbol.dispose]();
  await hub[Symbol.asyncDispose]();
});

const SqlResult = z.tuple([z.object({ rows: z.array(z.tuple([z.string(), z.string(), z.number(), z.string()])) })]);

/** The messages of the hub, read by its owner. */
async function messages() {
  const response = await fetch(`${hub.url}/v1/database/${hub.database}/sql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${hub.ownerToken}` },
    body: 'SELECT payload, type, priority, headers FROM message',
  });
  const [{ rows }] = SqlResult.parse(await response.json());
  return rows.map(([payload, type, priority, headers]) => ({ payload, type, priority, headers }));
}

/** The numbers in the payloads, in order. */
async function numbers(): Promise<number[]> {
  const payloads = (await messages()).map(({ payload }) => z.object({ n: z.number() }).parse(JSON.parse(payload)).n);
  return payloads.sort((a, b) => a - b);
}

interface Line {
  readonly file?: string;
  readonly outcome?: string;
  readonly code?: string;
  readonly summary?: Record<string, number>;
}

function linesOf({ out }: Pick<Ended, 'out'>): readonly Line[] {
  return jsonLines(out);
}

function left(lines: readonly Line[]): Record<string, string | undefined> {
  return Object.fromEntries(
    lines.flatMap(({ file = '', outcome, code }) => (outcome === 'left' ? [[file, code]] : [])),
  );
}

/** Returns true if the hub has the number of every file exactly once. */
async function isEachThereOnce(): Promise<boolean> {
  const found = await numbers();
  return found.length === FILES && found.every((n, at) => n === at);
}

/** The files below `.migrated`, by their former paths. */
function movedFiles(): string[] {
  return filesBelow(join(tree, '.migrated')).filter(file => !file.startsWith('.'));
}

/** All files of the tree, moved or not, by their former paths. */
function allFiles(): string[] {
  return [...movedFiles(), ...filesBelow(tree).filter(file => !file.startsWith('.migrated'))].sort();
}

test('sends 10,000 files, each once, and leaves one of each broken kind with the reason', async () => {
  makeTree(tree, FILES);
  const before = filesBelow(tree);
  const ended = await shell.run('migrate-files', tree, '--json');
  expect(ended).toMatchObject({ code: 7, err: '' });
  const lines = linesOf(ended);
  expect(lines.at(-1)).toEqual({
    summary: { sent: FILES, left: Object.keys(LEFT).length, unmoved: 0, skipped: SKIPPED.length },
  });
  expect(left(lines)).toEqual(LEFT);
  expect(lines.filter(each => each.outcome === 'skipped').map(each => each.file)).toEqual(SKIPPED);

  // Every file is at its old path, or at the same path below `.migrated`.
  expect(movedFiles()).toHaveLength(FILES);
  expect(allFiles().join('\n') === before.join('\n')).toBe(true);
  expect(await isEachThereOnce()).toBe(true);
  const [first] = await messages();
  expect(first).toMatchObject({ type: 'note', priority: 3 });
  expect(JSON.parse(first?.headers ?? '')).toMatchObject({ migrated: { from: 'Old', sentAt: '2024-01-01T00:00:00Z' } });
});

test('killed twice and run again, sends every message exactly once', async () => {
  makeTree(tree, FILES);
  const before = filesBelow(tree);
  const printed: Line[] = [];
  for (const sent of [1_000, 3_000]) {
    const run = shell.start(['migrate-files', tree, '--json']);
    await run.untilPrinted(text => text.split('\n').length > sent);
    run.child.kill('SIGKILL');
    const { code, out } = await run.ended;
    expect(code).toBe(null);
    printed.push(...linesOf({ out: out.slice(0, out.lastIndexOf('\n') + 1) }));
  }
  const last = await shell.run('migrate-files', tree, '--json');
  expect(last.code).toBe(7);
  expect(left(linesOf(last))).toEqual(LEFT);
  const sent = new Set([...printed, ...linesOf(last)].flatMap(each => (each.outcome === 'sent' ? [each.file] : [])));
  expect(sent.size).toBeLessThanOrEqual(FILES);

  expect(await isEachThereOnce()).toBe(true);
  expect(allFiles().join('\n') === before.join('\n')).toBe(true);
  expect(linesOf(await shell.run('migrate-files', tree, '--json')).at(-1)).toMatchObject({ summary: { sent: 0 } });
  expect(await isEachThereOnce()).toBe(true);
});

describe('agora migrate-files', () => {
  test('with --dry-run shows what it would send, and sends and moves nothing', async () => {
    makeTree(tree, 10);
    const before = filesBelow(tree);
    const ended = await shell.run('migrate-files', tree, '--dry-run', '--json');
    expect(ended.code).toBe(7);
    const lines = linesOf(ended);
    expect(lines.at(-1)).toEqual({
      summary: { wouldSend: 10, left: Object.keys(LEFT).length, skipped: SKIPPED.length },
    });
    expect(left(lines)).toEqual(LEFT);
    expect(filesBelow(tree)).toEqual(before);
    expect(await messages()).toEqual([]);
  });

  test('reads text and YAML, and takes missing values from flags', async () => {
    write('note.txt', 'just text');
    write('Grace/new/mail.md', '---\ntype: doc-note\npriority: urgent\nto: Ada\n---\n# Hello\n');
    write('list.yaml', 'recipients: [Ada, Grace]\nkind: status\nbody: { a: 1 }\nthread: 7\n');
    write('Ada/done/old.json', '{"payload":"again"}');
    const ended = await shell.run('migrate-files', 'tree', '--to', 'Grace', '--type', 'old.file', '--handled-too');
    expect(ended).toMatchObject({ code: 0, out: expect.stringContaining('4 files sent') as string });
    const found = (await messages()).map(({ type, priority, payload, headers }) => ({
      ...{ type, priority, payload: JSON.parse(payload) as unknown },
      other: z.object({ migrated: z.object({ other: z.unknown().optional() }) }).parse(JSON.parse(headers)).migrated
        .other,
    }));
    expect(found.sort((a, b) => (a.type < b.type ? -1 : 1))).toEqual([
      { type: 'doc_note', priority: 4, payload: { text: '# Hello\n' }, other: undefined },
      { type: 'old.file', priority: 2, payload: 'again', other: undefined },
      { type: 'old.file', priority: 2, payload: { text: 'just text' }, other: undefined },
      { type: 'status', priority: 2, payload: { a: 1 }, other: { thread: 7 } },
    ]);
  });

  test('sends a later file of the same name and content as another message', async () => {
    for (let round = 1; round <= 2; round++) {
      write('Ada/status.json', '{"payload":{"n":1}}');
      utimesSync(join(tree, 'Ada/status.json'), 1e9, 1e9);
      expect((await shell.run('migrate-files', tree)).code).toBe(0);
      expect(await numbers()).toHaveLength(round);
    }
    expect(movedFiles()).toEqual(['Ada/status.2.json', 'Ada/status.json']);
  });

  test('refuses a second run, a path that is not a folder, and an unregistered sender', async () => {
    write('Ada/a.json', '{"payload":{"n":1}}');
    mkdirSync(join(tree, '.migrated'));
    writeFileSync(join(tree, '.migrated/.lock'), String(process.pid));
    expect((await shell.run('status')).code).toBe(0);
    const [busy, missing, file, nobody] = await Promise.all([
      shell.run('migrate-files', tree),
      shell.run('migrate-files', 'nowhere'),
      shell.run('migrate-files', join(tree, 'Ada/a.json')),
      shell.run('migrate-files', tree, '--as', 'Nobody'),
    ]);
    expect(busy).toMatchObject({ code: 1, err: expect.stringContaining(`Process ${process.pid}`) as string });
    expect([missing.code, file.code, nobody.code]).toEqual([2, 2, 6]);
    // The lock of a process that has ended is ignored.
    writeFileSync(join(tree, '.migrated/.lock'), '999999999');
    expect((await shell.run('migrate-files', tree)).code).toBe(0);
  });

  test('sends nothing if it cannot write its journal', async () => {
    write('Ada/a.json', '{"payload":{"n":1}}');
    writeFileSync(join(tree, '.migrated'), 'a file is in the way');
    const ended = await shell.run('migrate-files', tree);
    expect(ended).toMatchObject({ code: 1, err: expect.stringContaining('cannot be written (EEXIST)') as string });
    expect(await messages()).toEqual([]);
  });

  test('reports and moves all sent files at Ctrl-C, and sends the others in the next run', async () => {
    makeTree(tree, 2_000);
    const run = shell.start(['migrate-files', tree, '--json']);
    await run.untilPrinted('"sent"');
    run.child.kill('SIGINT');
    const { code, out } = await run.ended;
    expect(code).toBe(130);
    const lines = linesOf({ out });
    const sent = lines.filter(each => each.outcome === 'sent').length;
    expect(lines.at(-1)).toMatchObject({ summary: { sent } });
    expect(await numbers()).toHaveLength(sent);
    expect((await shell.run('migrate-files', tree)).code).toBe(7);
    expect(await numbers()).toHaveLength(2_000);
  });

  test('leaves a file that a run of days ago may have sent, until --resend', async () => {
    const text = '{"payload":{"n":1}}';
    write('Ada/a.json', text);
    mkdirSync(join(tree, '.migrated'));
    const sending = {
      path: 'Ada/a.json',
      digest: createHash('sha256').update(text).digest('base64url'),
      id: '01900000-0000-7000-8000-000000000001', // of June 2024
      target: '.migrated/Ada/a.json',
    };
    writeFileSync(join(tree, '.migrated/.journal'), `${JSON.stringify({ sending: [sending] })}\n`);
    const unsure = await shell.run('migrate-files', tree, '--json');
    expect(left(linesOf(unsure))).toEqual({ 'Ada/a.json': 'file/uncertain' });
    expect(await numbers()).toEqual([]);
    expect((await shell.run('migrate-files', tree, '--resend')).code).toBe(0);
    expect(await numbers()).toEqual([1]);
    expect(movedFiles()).toEqual(['Ada/a.json']);
  });

  test('records the message id of each file in its journal', async () => {
    write('Ada/a.json', '{"payload":{"n":1}}');
    const [{ messageId } = {}] = await shell.json('migrate-files', tree);
    expect(readFileSync(join(tree, '.migrated/.journal'), 'utf8')).toContain(String(messageId));
  });
});

function write(path: string, text: string): void {
  const file = join(tree, path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, text);
}
