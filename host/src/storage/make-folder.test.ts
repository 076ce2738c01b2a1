import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeFolder } from './make-folder.ts';

test('creates missing folders of a path once, with their mode', () => {
  const top = mkdtempSync(join(tmpdir(), 'agora-folder-'));
  const deep = join(top, 'a', 'b');
  makeFolder(deep, 0o700);
  makeFolder(deep, 0o700);
  expect(statSync(deep).mode & 0o777).toBe(0o700);
  rmSync(top, { recursive: true });
});

test('throws if a folder cannot be created', () => {
  const top = mkdtempSync(join(tmpdir(), 'agora-folder-'));
  writeFileSync(join(top, 'file'), '');
  expect(() => makeFolder(join(top, 'file', 'a'))).toThrow(/ENOTDIR|ENOENT/);
  rmSync(top, { recursive: true });
});

test.runIf(existsSync('/proc/self'))('ends below a folder that takes none', () => {
  expect(() => makeFolder('/proc/agora/data')).toThrow(/ENOENT|EACCES|EPERM/);
});
