import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CodegenError } from '../codegen-error.ts';
import { buildModule } from './build-module.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'build-module-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

async function write(files: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
}

const SYSTEM = "import * as system from 'spacetime:sys@2.0';";

describe('a module', () => {
  test('becomes one file that imports the system and nothing else, with nothing lowered', async () => {
    await write({
      'src/index.ts': `${SYSTEM} import { held } from './held.ts'; export default { system, held } as object;`,
      'src/held.ts': 'export function held(): number { using x = { [Symbol.dispose]() {} }; return x ? 1 : 0; }',
    });

    const bundle = await buildModule(folder);

    expect(bundle).toBe(join(folder, 'dist/bundle.js'));
    const text = await readFile(bundle, 'utf8');
    expect([...text.matchAll(/^import .*$/gm)].map(([line]) => line)).toEqual([
      'import * as system from "spacetime:sys@2.0";',
    ]);
    expect(text).toMatch(/using x = /);
    expect(text).toMatch(/as default/);
  });

  test('is built from any entry into any file, and twice into the same bytes', async () => {
    await write({ 'index.ts': `${SYSTEM} export default system;` });
    const out = join(folder, 'deep/out.js');
    const options = { entry: 'index.ts', out };
    const first = await readFile(await buildModule(folder, options), 'utf8');
    expect(await readFile(await buildModule(folder, options), 'utf8')).toBe(first);
  });

  test('carries a source map that names files as seen from its folder', async () => {
    await write({ 'src/index.ts': `${SYSTEM} export default system;` });
    const text = await readFile(await buildModule(folder), 'utf8');
    const [, encoded = ''] = /sourceMappingURL=data:application\/json;[^,]*,([\w+/=]+)/.exec(text) ?? [];
    const map = JSON.parse(Buffer.from(encoded, 'base64').toString()) as { sources: string[] };
    expect(map.sources).toEqual(['src/index.ts']);
  });

  test.each<[string, Record<string, string>, RegExp]>([
    ['that is not there', {}, /There is no module to build: .*src\/index\.ts does not exist/],
    [
      'that imports a package that is not installed',
      { 'src/index.ts': `${SYSTEM} import 'no-such-package'; export default system;` },
      /imports a package that is not installed: .*no-such-package/s,
    ],
    ['that does not use the library', { 'src/index.ts': 'export default 1;' }, /does not import 'spacetimedb\/server'/],
    [
      'that brings in two systems',
      { 'src/index.ts': `${SYSTEM} import * as old from 'spacetime:sys@1.2'; export default [system, old];` },
      /several versions .* hosts \d and \d/,
    ],
    [
      'without a default export',
      { 'src/index.ts': `${SYSTEM} export const x = system;` },
      /must `export default schema\(...\)`/,
    ],
    [
      'that imports later',
      {
        'src/index.ts': `${SYSTEM} export default [system, () => import('./late.ts')];`,
        'src/late.ts': 'export const late = 1;',
      },
      /uses import\(\)/,
    ],
    ['that cannot be read', { 'src/index.ts': `${SYSTEM} export default (;` }, /cannot be bundled/],
  ])('%s is refused', async (_what, files, message) => {
    await write(files);
    const building = buildModule(folder);
    await expect(building).rejects.toBeInstanceOf(CodegenError);
    await expect(building).rejects.toThrow(message);
  });
});
