import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { entriesOf, PACKAGES, readManifest, ROOT, targetsOf } from './packages.ts';

describe.each(PACKAGES)('$folder', published => {
  const { folder, inner = [] } = published;
  const manifest = readManifest(folder);

  test('publishes every entry that the workspace has', () => {
    const entries = Object.keys(manifest.exports).filter(entry => !inner.includes(entry));
    const { exports, imports } = manifest.publishConfig;
    expect(Object.keys(exports), 'publishConfig.exports names what exports does').toEqual(entries);
    expect(Object.keys(imports), 'publishConfig.imports names what imports does').toEqual(
      Object.keys(manifest.imports),
    );
    for (const target of targetsOf([exports, imports])) expect(target).toMatch(/^\.\/lib\//);
  });

  test('has the source of everything that it publishes', () => {
    for (const entry of entriesOf(published)) expect(existsSync(join(ROOT, folder, 'src', `${entry}.ts`))).toBe(true);
  });
});
