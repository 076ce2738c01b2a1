import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Mover, versionOf } from './mover.ts';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'agora-mover-'));
  mkdirSync(join(root, '.migrated'));
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Writes a file and returns its version. */
function write(path: string, text: string): string {
  writeFileSync(join(root, path), text);
  return versionOf(statSync(join(root, path)));
}

describe('a mover', () => {
  test('chooses a target that has no file and is not reserved', () => {
    const mover = new Mover(root, ['.migrated/b.2.json']);
    write('.migrated/a.json', '');
    expect(mover.targetOf('a.json')).toBe('.migrated/a.2.json');
    expect(mover.targetOf('a.json')).toBe('.migrated/a.3.json');
    expect(mover.targetOf('a.2.json')).toBe('.migrated/a.2.2.json');
    expect(mover.targetOf('b.2.json')).toBe('.migrated/b.2.2.json');
    expect(mover.targetOf('folder.d/README')).toBe('.migrated/folder.d/README');
  });

  test('moves an unchanged file and creates the folders of its target', async () => {
    mkdirSync(join(root, 'Ada/inbox'), { recursive: true });
    const version = write('Ada/inbox/a.json', '1');
    const target = '.migrated/Ada/inbox/a.json';
    expect(await new Mover(root, []).move({ path: 'Ada/inbox/a.json', target, version })).toBeUndefined();
    expect(readFileSync(join(root, target), 'utf8')).toBe('1');
  });

  test('leaves a file that has changed, and returns why a file cannot be moved', async () => {
    const mover = new Mover(root, []);
    const version = write('a.json', '1');
    write('a.json', '1 and more');
    expect(await mover.move({ path: 'a.json', target: '.migrated/a.json', version })).toMatchObject({
      code: 'file/changed',
    });
    write('.migrated/in-the-way', '');
    const changed = versionOf(statSync(join(root, 'a.json')));
    const problem = await mover.move({ path: 'a.json', target: '.migrated/in-the-way/a.json', version: changed });
    expect(problem).toMatchObject({ code: 'file/unmoved' });
    expect(readFileSync(join(root, 'a.json'), 'utf8')).toBe('1 and more');
  });
});
