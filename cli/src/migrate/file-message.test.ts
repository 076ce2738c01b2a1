import { describe, expect, test } from 'vitest';
import { FileError } from './file-error.ts';
import { parseFileMessage, type FileMessageOptions } from './file-message.ts';

const NOW = new Date('2026-01-01T00:00:00Z');
const MODIFIED = new Date('2025-05-05T05:05:05Z');

function read(path: string, content: unknown, options: Partial<FileMessageOptions> = {}) {
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  return parseFileMessage(path, text, MODIFIED, { override: false, now: NOW, ...options });
}

function codeOf(path: string, content: unknown, options?: Partial<FileMessageOptions>): string | undefined {
  try {
    read(path, content, options);
    return undefined;
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return error.code;
  }
}

const migrated = (message: { headers: Readonly<Record<string, unknown>> }) => message.headers['migrated'];

describe('a file as a message', () => {
  test('goes to the agent of its folder, and keeps unknown members in a header', () => {
    const message = read('Ada/inbox/1.json', {
      ...{ messageType: 'status-update', fromAgent: 'Bob', Priority: 'HIGH', createdAt: '2024-01-01', message_id: 7 },
      ...{ payload: { a: 1 }, thread: 'x', correlationId: 'c' },
    });
    expect(message).toMatchObject({
      to: ['Ada'],
      messageType: 'status_update',
      payload: { a: 1 },
      priority: 3,
      ttlMs: undefined,
    });
    expect(migrated(message)).toEqual({
      ...{ file: 'Ada/inbox/1.json', modifiedAt: MODIFIED.toISOString(), from: 'Bob', sentAt: '2024-01-01', id: 7 },
      ...{ inReplyTo: 'c', type: 'status-update', other: { thread: 'x' } },
    });
  });

  test.each([
    ['the recipient it names', 'Ada/1.json', { to: 'Bob' }, {}, ['Bob']],
    ['several recipients', 'x.json', { recipients: ['Bob', 'Cy'] }, {}, ['Bob', 'Cy']],
    ['several recipients in one string', 'x.json', { to: 'Bob, Cy' }, {}, ['Bob', 'Cy']],
    ['all agents', 'x.json', { to_agent: 'ALL' }, {}, ['*']],
    ['the flag if it names no recipient', 'Ada/1.json', { a: 1 }, { to: 'Zoe' }, ['Zoe']],
    ['the flag with --override', 'x.json', { to: 'Bob' }, { to: 'Zoe', override: true }, ['Zoe']],
    ['its recipient rather than the flag', 'x.json', { to: 'Bob' }, { to: 'Zoe' }, ['Bob']],
    ['the nearest folder that can be an agent', 'agents/Ada/inbox/new/1.json', {}, {}, ['Ada']],
    ['the agent of inbox/NAME', 'inbox/Ada/1.json', {}, {}, ['Ada']],
  ] as const)('goes to %s', (_, path, content, options, to) => {
    expect(read(path, content, options).to).toEqual(to);
  });

  test('in an outbox is from the owner of the folder, and must name its recipient', () => {
    const message = read('Ada/outbox/1.json', { to: 'Bob', body: 'hi' });
    expect(message).toMatchObject({ to: ['Bob'], payload: 'hi' });
    expect(migrated(message)).toMatchObject({ from: 'Ada' });
    expect(codeOf('Ada/outbox/1.json', { body: 'hi' })).toBe('file/no-recipient');
  });

  test('without a payload member has its unknown members as the payload', () => {
    expect(read('Ada/1.json', { type: 'note', title: 'T', n: 1 }).payload).toEqual({ title: 'T', n: 1 });
    expect(read('Ada/1.json', [1, 2]).payload).toEqual([1, 2]);
    expect(read('Ada/1.json', 'null').payload).toBe(null);
    expect(read('Ada/1.json', { type: 'note', payload: null }).payload).toBe(null);
  });

  test.each([
    [1, 1],
    ['4', 4],
    ['Urgent', 4],
    ['medium', 2],
    [undefined, 2],
  ])('with the priority %s has %s', (priority, level) => expect(read('Ada/1.json', { priority }).priority).toBe(level));

  test('with an unknown priority is normal, and keeps the value in the header', () => {
    const message = read('Ada/1.json', { priority: 'P1' });
    expect(message.priority).toBe(2);
    expect(migrated(message)).toMatchObject({ priority: 'P1' });
  });

  test('may be text with or without front matter, or YAML', () => {
    expect(read('Ada/1.md', '---\ntype: note\nto: Bob\n---\n# Hi\n')).toMatchObject({
      to: ['Bob'],
      messageType: 'note',
      payload: { text: '# Hi\n' },
    });
    expect(read('Ada/1.txt', 'plain')).toMatchObject({
      to: ['Ada'],
      messageType: 'file_message',
      payload: { text: 'plain' },
    });
    expect(read('Ada/1.md', '---\nno end').payload).toEqual({ text: '---\nno end' });
    expect(read('Ada/1.yml', 'kind: note\ndata: [1]')).toMatchObject({ messageType: 'note', payload: [1] });
  });

  test('has the time to live that remains until its expiry', () => {
    expect(read('Ada/1.json', { expires_at: '2026-01-01T00:01:00Z' }).ttlMs).toBe(60_000);
    expect(read('Ada/1.json', { expires: NOW.getTime() / 1000 + 60 }).ttlMs).toBe(60_000);
    expect(codeOf('Ada/1.json', { expires_at: '2020-01-01' })).toBe('file/expired');
  });

  test('is refused if it is empty, invalid, without a recipient, or of an unknown kind', () => {
    expect(codeOf('Ada/1.json', '  \n')).toBe('file/empty');
    expect(codeOf('Ada/1.json', '{"a":')).toBe('file/broken');
    expect(codeOf('Ada/1.yaml', 'a: [')).toBe('file/broken');
    expect(codeOf('Ada/1.md', '---\na: [\n---\nx')).toBe('file/broken');
    expect(codeOf('1.json', { a: 1 })).toBe('file/no-recipient');
    expect(codeOf('inbox/1.json', { a: 1 })).toBe('file/no-recipient');
    expect(codeOf('Ada/1.pdf', 'x')).toBe('file/unknown-kind');
  });
});
