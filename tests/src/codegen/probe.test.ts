// The bindings of the probe module, from our own build, description and generator, compared with those of the official
// tools.

import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { extractDescription } from '@agora/host/guest';
import { decodeModule, moduleJson } from '@agora/host/schema';
import { buildModule } from '@agora/scripts/build-module';
import { generateCommand, generateFromBundle } from '@agora/scripts/generate-bindings';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

const RECORDINGS = fileURLToPath(new URL('../../conformance/recordings/', import.meta.url));
const OFFICIAL = join(RECORDINGS, 'generated/probe');
const SCRIPT = fileURLToPath(new URL('../../../scripts/src/generate-bindings.ts', import.meta.url));

let folder: string;
let bundle: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'codegen-'));
  bundle = await buildModule(join(RECORDINGS, 'modules/probe'), { entry: 'index.ts', out: join(folder, 'probe.js') });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function filesBelow(where: string): Promise<Map<string, string>> {
  const entries = await readdir(where, { recursive: true, withFileTypes: true });
  const paths = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name));
  return new Map(
    await Promise.all(paths.map(async path => [path.slice(where.length + 1), await readFile(path, 'utf8')] as const)),
  );
}

/** Lines in which two versions of the generator may differ. */
function withoutVersion(code: string): string {
  return code
    .replace(/^\/\/ This was generated using spacetimedb cli version .*$/m, '')
    .replace(/^ {4}cliVersion: ".*" as const,$/m, '');
}

describe('the bindings of the probe module', () => {
  test('are the official ones in names and bytes', async () => {
    const official = await filesBelow(OFFICIAL);
    const ours = await generateFromBundle(bundle);
    expect([...ours.keys()].sort()).toEqual([...official.keys()].sort());
    for (const [name, code] of official) {
      expect(withoutVersion(ours.get(name) ?? ''), name).toBe(withoutVersion(code));
    }
  });

  test('are written, and a second run changes no file', async () => {
    vi.spyOn(console, 'log').mockImplementation(() => {});
    const out = join(folder, 'written');
    const flags = ['--bundle', bundle, '--out', out];
    await generateCommand(flags);
    expect((await filesBelow(out)).size).toBe((await filesBelow(OFFICIAL)).size);
    await expect(generateCommand([...flags, '--check'])).resolves.toBeUndefined();

    await writeFile(join(out, 'person_table.ts'), 'export default 1;\n');
    await rm(join(out, 'types.ts'));
    await writeFile(join(out, 'old_table.ts'), await readFile(join(out, 'team_table.ts')));
    await expect(generateCommand([...flags, '--check'])).rejects.toThrow(
      /run "pnpm generate":\n {2}types\.ts is missing\n {2}person_table\.ts differs\n {2}old_table\.ts is no longer generated$/,
    );
    await generateCommand(flags);
    await expect(generateCommand([...flags, '--check'])).resolves.toBeUndefined();
  });
});

describe('the command', () => {
  const run = (...flags: string[]) =>
    promisify(execFile)(process.execPath, [SCRIPT, ...flags], { env: { PATH: folder } }).then(
      () => expect.fail('the command succeeded'),
      (ended: { code: number; stderr: string }) => `${ended.code}: ${ended.stderr.trim()}`,
    );

  test('reports wrong flags in one sentence', async () => {
    expect(await run('--what')).toMatch(/^2: Unknown option '--what'\. Usage: .*$/);
    expect(await run('--bundle', bundle)).toMatch(/^2: --bundle and --out go together\. Usage: .*$/);
    expect(await run('more')).toMatch(/^2: Unexpected argument 'more'.*\. Usage: .*$/);
  });

  test('reports a failure in one sentence', async () => {
    const out = ['--out', join(folder, 'never')];
    expect(await run('--bundle', 'none.js', ...out)).toMatch(/^1: The bundle .* cannot be read\.$/);
    expect(await run('--bundle', SCRIPT, ...out)).toMatch(/^1: The module in .* cannot have bindings: .*$/);
    expect(await run('--use-spacetime', '--bundle', bundle, ...out)).toMatch(
      /^1: The spacetime command is not on the path; install it, or leave out --use-spacetime.*$/,
    );
  });

  test('runs the official generator with its flag', async () => {
    const fake = `#!${process.execPath}
const at = process.argv.indexOf('--out-dir');
require('node:fs').writeFileSync(process.argv[at + 1] + '/index.ts', '// ' + process.argv.slice(2, at).join(' '));
`;
    await writeFile(join(folder, 'spacetime'), fake, { mode: 0o755 });
    const out = join(folder, 'official');
    await promisify(execFile)(process.execPath, [SCRIPT, '--use-spacetime', '--bundle', bundle, '--out', out], {
      env: { PATH: folder },
    });
    expect(await filesBelow(out)).toEqual(new Map([['index.ts', `// generate --lang typescript --js-path ${bundle}`]]));
  });
});

describe('the description of the probe module as JSON', () => {
  let raw: ReturnType<typeof decodeModule>;
  beforeAll(async () => {
    raw = decodeModule(extractDescription(await readFile(bundle, 'utf8')));
  });

  test('is that of a real server in version 10, whose lists of names have no order', async () => {
    const official: unknown = JSON.parse(await readFile(join(RECORDINGS, 'probe-schema-v10.json'), 'utf8'));
    expect(unordered(JSON.parse(moduleJson(raw, 10)))).toEqual(unordered(official));
  });

  test('is that of a real server in version 9', async () => {
    const lines = (await readFile(join(RECORDINGS, 'http.jsonl'), 'utf8')).split('\n');
    const asked = lines.find(line => line.includes('/schema?version=9')) ?? '';
    const { answer } = JSON.parse(asked) as { answer: unknown };
    expect(JSON.parse(moduleJson(raw, 9))).toEqual(answer);
  });
});

/** Returns the data with every list sorted; positions, which matter, are numbers inside the items. */
function unordered(data: unknown): unknown {
  if (Array.isArray(data)) {
    return data.map(unordered).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }
  if (typeof data !== 'object' || data === null) return data;
  return Object.fromEntries(
    Object.entries(data)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => [key, unordered(value)]),
  );
}
