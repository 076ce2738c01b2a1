import { describe, expect, it } from 'vitest';
import { FileMessageError, parseFileMessage, type FileMessageOptions } from './file-message.ts';

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
    if (!(error instanceof FileMessageError)) throw error;
    return error.code;
  }
}

const migrated = (letter: { headers: Readonly<Record<string, unknown>> }) => letter.headers['migrated'];

describe('a file as a message', () => {
  it('is for the folder it lies in, and keeps what has no place in a message', () => {
    const letter = read('Ada/inbox/1.json', {
      ...{ messageType: 'status-update', fromAgent: 'Bob', Priority: 'HIGH', createdAt: '2024-01-01', message_id: 7 },
      ...{ payload: { a: 1 }, thread: 'x', correlationId: 'c' },
    });
    expect(letter).toMatchObject({
      to: ['Ada'],
      messageType: 'status_update',
      payload: { a: 1 },
      priority: 3,
      ttlMs: undefined,
    });
    expect(migrated(letter)).toEqual({
      ...{ file: 'Ada/inbox/1.json', modifiedAt: MODIFIED.toISOString(), from: 'Bob', sentAt: '2024-01-01', id: 7 },
      ...{ inReplyTo: 'c', type: 'status-update', other: { thread: 'x' } },
    });
  });

  it.each([
    ['its own word', 'Ada/1.json', { to: 'Bob' }, {}, ['Bob']],
    ['several', 'x.json', { recipients: ['Bob', 'Cy'] }, {}, ['Bob', 'Cy']],
    ['several in a text', 'x.json', { to: 'Bob, Cy' }, {}, ['Bob', 'Cy']],
    ['everyone', 'x.json', { to_agent: 'ALL' }, {}, ['*']],
    ['the flag where it says nothing', 'Ada/1.json', { a: 1 }, { to: 'Zoe' }, ['Zoe']],
    ['the flag over its own word if told', 'x.json', { to: 'Bob' }, { to: 'Zoe', override: true }, ['Zoe']],
    ['its own word over the flag', 'x.json', { to: 'Bob' }, { to: 'Zoe' }, ['Bob']],
    ['the nearest folder that is a name', 'agents/Ada/inbox/new/1.json', {}, {}, ['Ada']],
    ['inbox/NAME', 'inbox/Ada/1.json', {}, {}, ['Ada']],
  ] as const)('is for %s', (_, path, content, options, to) => {
    expect(read(path, content, options).to).toEqual(to);
  });

  it('out of an outbox is from its owner, and for whom it says', () => {
    const letter = read('Ada/outbox/1.json', { to: 'Bob', body: 'hi' });
    expect(letter).toMatchObject({ to: ['Bob'], payload: 'hi' });
    expect(migrated(letter)).toMatchObject({ from: 'Ada' });
    expect(codeOf('Ada/outbox/1.json', { body: 'hi' })).toBe('file/no-recipient');
  });

  it('without a part for the payload is all payload but its other parts', () => {
    expect(read('Ada/1.json', { type: 'note', title: 'T', n: 1 }).payload).toEqual({ title: 'T', n: 1 });
    expect(read('Ada/1.json', [1, 2]).payload).toEqual([1, 2]);
    expect(read('Ada/1.json', 'null').payload).toBe(null);
    expect(read('Ada/1.json', { type: 'note', payload: null }).payload).toBe(null);
  });

  it.each([
    [1, 1],
    ['4', 4],
    ['Urgent', 4],
    ['medium', 2],
    [undefined, 2],
  ])('with the priority %s has %s', (priority, level) => expect(read('Ada/1.json', { priority }).priority).toBe(level));

  it('with a priority that nobody knows is normal, and keeps it', () => {
    const letter = read('Ada/1.json', { priority: 'P1' });
    expect(letter.priority).toBe(2);
    expect(migrated(letter)).toMatchObject({ priority: 'P1' });
  });

  it('is prose with parts above it, or prose alone, or YAML', () => {
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

  it('lives as long as it says', () => {
    expect(read('Ada/1.json', { expires_at: '2026-01-01T00:01:00Z' }).ttlMs).toBe(60_000);
    expect(read('Ada/1.json', { expires: NOW.getTime() / 1000 + 60 }).ttlMs).toBe(60_000);
    expect(codeOf('Ada/1.json', { expires_at: '2020-01-01' })).toBe('file/expired');
  });

  it('is none where it is empty, broken, for nobody, or of a kind that nobody knows', () => {
    expect(codeOf('Ada/1.json', '  \n')).toBe('file/empty');
    expect(codeOf('Ada/1.json', '{"a":')).toBe('file/broken');
    expect(codeOf('Ada/1.yaml', 'a: [')).toBe('file/broken');
    expect(codeOf('Ada/1.md', '---\na: [\n---\nx')).toBe('file/broken');
    expect(codeOf('1.json', { a: 1 })).toBe('file/no-recipient');
    expect(codeOf('inbox/1.json', { a: 1 })).toBe('file/no-recipient');
    expect(codeOf('Ada/1.pdf', 'x')).toBe('file/unknown-kind');
  });
});
