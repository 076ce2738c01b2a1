import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Journal } from './journal.ts';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'agora-journal-'));
  path = join(folder, '.journal');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string) => ({ path: name, digest: `d-${name}`, id: `id-${name}`, target: `.migrated/${name}` });
const nothingMoved = () => false;

async function run(
  work: (journal: Journal) => Promise<void>,
  isMoved: (target: string) => boolean = nothingMoved,
): Promise<void> {
  await using journal = await Journal.open(path, isMoved);
  await work(journal);
}

describe('the journal of a migration', () => {
  test('I1: an unchanged file that was being sent keeps its id', async () => {
    await run(journal => journal.sending([file('a'), file('b')]));
    await run(async journal => {
      expect(journal.pending('a', 'd-a')).toEqual({ ...file('a'), isAccepted: false });
      expect(journal.pending('a', 'something else')).toBeUndefined();
      await journal.accepted(['id-a']);
      await journal.settled(['id-b']);
    });
    await run(journal => {
      expect(journal.pending('a', 'd-a')).toMatchObject({ isAccepted: true });
      expect(journal.pending('b', 'd-b')).toBeUndefined();
      return Promise.resolve();
    });
  });

  test('I2: a file that exists at its target is no longer pending', async () => {
    await run(journal => journal.sending([file('a'), file('b')]));
    await run(
      journal => {
        expect(journal.pending('a', 'd-a')).toBeUndefined();
        expect(journal.pending('b', 'd-b')).toBeDefined();
        return Promise.resolve();
      },
      target => target === '.migrated/a',
    );
  });

  test('a line that a crash truncated is ignored, and the next line is separate', async () => {
    await run(journal => journal.sending([file('a')]));
    appendFileSync(path, '{"settled":["id-');
    await run(journal => journal.sending([file('b')]));
    await run(journal => {
      expect(journal.pending('a', 'd-a')).toBeDefined();
      expect(journal.pending('b', 'd-b')).toBeDefined();
      return Promise.resolve();
    });
  });
});
