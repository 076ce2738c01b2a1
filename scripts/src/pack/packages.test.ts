import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { entriesOf, PACKAGES, readManifest, ROOT, targetsOf } from './packages.ts';

const sourcesIn = (target: unknown) => targetsOf(target).flatMap(path => /^\.\/src\/(.*)\.ts$/.exec(path)?.[1] ?? []);
const scriptsIn = (target: unknown) => targetsOf(target).filter(path => path.endsWith('.js'));

describe.each(PACKAGES)('$folder', published => {
  const { folder, inner = [] } = published;
  const manifest = readManifest(folder);

  test.each(['exports', 'imports'] as const)('publishes the %s of the workspace, built', kind => {
    const wanted = Object.entries(manifest[kind]).filter(([entry]) => !inner.includes(entry));
    const published = Object.entries(manifest.publishConfig[kind]);
    // The path of the built file of each source.
    const built = wanted.map(([entry, target]) => [entry, sourcesIn(target).map(source => `./lib/${source}.js`)]);
    expect(published.map(([entry, target]) => [entry, scriptsIn(target)])).toEqual(built);
  });

  test('has the source of every published entry', () => {
    for (const entry of entriesOf(published)) expect(existsSync(join(ROOT, folder, 'src', `${entry}.ts`))).toBe(true);
  });
});
