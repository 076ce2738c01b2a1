import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { GENERATED_MARK } from './bindings/headers.ts';
import { compareFolder, updateFolder } from './output-folder.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'output-folder-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const generated = (what: string) => `${GENERATED_MARK}. ${what}\n`;
const read = (name: string) => readFile(join(folder, name), 'utf8');

describe('a folder of generated files', () => {
  test('is filled where it is empty, or not there at all', async () => {
    const inside = join(folder, 'new/folder');
    const files = new Map([
      ['index.ts', generated('index')],
      ['types/reducers.ts', generated('reducers')],
    ]);
    expect(await updateFolder(inside, files)).toEqual({
      missing: ['index.ts', 'types/reducers.ts'],
      changed: [],
      stale: [],
    });
    expect(await read('new/folder/types/reducers.ts')).toBe(generated('reducers'));
  });

  test('is touched only where it differs, and loses only what was generated once', async () => {
    const long = new Date('2001-01-01');
    await mkdir(join(folder, 'lib'));
    for (const name of ['same.ts', 'old.ts', 'lib/gone.ts']) await writeFile(join(folder, name), generated(name));
    await writeFile(join(folder, 'ours.ts'), 'export const ours = 1;\n');
    await writeFile(join(folder, 'notes.md'), generated('in no TypeScript file'));
    await utimes(join(folder, 'same.ts'), long, long);

    const files = new Map([
      ['same.ts', generated('same.ts')],
      ['old.ts', generated('new')],
    ]);
    const drift = { missing: [], changed: ['old.ts'], stale: ['lib/gone.ts'] };
    expect(await compareFolder(folder, files)).toEqual(drift);
    expect(await read('old.ts')).toBe(generated('old.ts'));
    expect(await updateFolder(folder, files)).toEqual(drift);

    expect((await stat(join(folder, 'same.ts'))).mtime).toEqual(long);
    expect(await read('old.ts')).toBe(generated('new'));
    expect(await readdir(join(folder, 'lib'))).toEqual([]);
    expect((await readdir(folder)).sort()).toEqual(['lib', 'notes.md', 'old.ts', 'ours.ts', 'same.ts']);
    expect(await compareFolder(folder, files)).toEqual({ missing: [], changed: [], stale: [] });
  });
});
