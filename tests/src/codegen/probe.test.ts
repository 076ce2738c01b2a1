// The probe module through the whole chain (bundled, described, generated), compared with the output of the official tools.

import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { buildModule, generateFromBundle } from '@agora/codegen';
import { extractDescription } from '@agora/host/guest';
import { decodeModule, moduleJson } from '@agora/host/schema';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const RECORDINGS = fileURLToPath(new URL('../../conformance/recordings/', import.meta.url));
const OFFICIAL = join(RECORDINGS, 'generated/probe');
const PROBE = join(RECORDINGS, 'modules/probe');
const MODULE = fileURLToPath(new URL('../../../module', import.meta.url));
const PROGRAM = fileURLToPath(new URL('../../../codegen/src/main.ts', import.meta.url));

let folder: string;
let bundle: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'codegen-'));
  bundle = await buildModule(PROBE, { entry: 'index.ts', out: join(folder, 'probe.js') });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function filesBelow(where: string): Promise<Map<string, string>> {
  const entries = await readdir(where, { recursive: true, withFileTypes: true });
  const paths = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name));
  return new Map(
    await Promise.all(paths.map(async path => [path.slice(where.length + 1), await readFile(path, 'utf8')] as const)),
  );
}

/** Two versions of the generator may differ in these lines only. */
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

  test('are written, and are then up to date', async () => {
    const out = join(folder, 'written');
    const flags = ['--bundle', bundle, '--out-dir', out];
    await run(...flags);
    expect((await filesBelow(out)).size).toBe((await filesBelow(OFFICIAL)).size);
    expect(await run(...flags, '--check')).toMatch(/^0: .* matches the module\.$/);

    await writeFile(join(out, 'person_table.ts'), 'export default 1;\n');
    await rm(join(out, 'types.ts'));
    await writeFile(join(out, 'old_table.ts'), await readFile(join(out, 'team_table.ts')));
    expect(await run(...flags, '--check')).toMatch(
      /^1: .*run the same command without --check:\n {2}types\.ts is missing\n {2}person_table\.ts differs\n {2}old_table\.ts is no longer generated$/,
    );
    await run(...flags);
    expect(await run(...flags, '--check')).toMatch(/^0: /);
  });

  test('are the same from the folder of the module as from its bundle', async () => {
    const out = join(folder, 'from-folder');
    const flags = ['--module-path', PROBE, '--entry', 'index.ts', '--out-dir', out];
    expect(await run(...flags)).toMatch(/^0: .*: \d+ files, of which \d+ new, 0 changed; 0 deleted\.$/);
    expect(await filesBelow(out)).toEqual(new Map(await generateFromBundle(bundle)));
  });
});

/** Runs the command in a process; returns its exit code and the one stream that it wrote. */
async function run(...flags: string[]): Promise<string> {
  const ended = await promisify(execFile)(process.execPath, [PROGRAM, ...flags], { env: { PATH: folder } }).then(
    ({ stdout }) => ({ code: 0, text: stdout }),
    (error: { code: number; stderr: string }) => ({ code: error.code, text: error.stderr }),
  );
  return `${ended.code}: ${ended.text.trim()}`;
}

describe('the command', () => {
  test('reports wrong flags in one sentence', async () => {
    expect(await run('--what')).toMatch(/^2: Unknown option '--what'\. Run "agora-codegen --help".*$/);
    expect(await run('--bundle', bundle)).toMatch(/^2: --out-dir is needed\. .*$/);
    expect(await run('--out-dir', folder)).toMatch(/^2: Exactly one of --module-path and --bundle is needed\. .*$/);
    expect(await run('--bundle', bundle, '--entry', 'x.ts', '--out-dir', folder)).toMatch(/^2: --entry goes with .*$/);
    expect(await run('more')).toMatch(/^2: Unexpected argument 'more'.*\. Run .*$/);
    expect(await run('bundle', 'one', 'two')).toMatch(/^2: One folder is bundled at a time\. .*$/);
  });

  test('prints its flags with --help', async () => {
    expect(await run('--help')).toMatch(/^0: agora-codegen \(--module-path DIR \| --bundle FILE\) --out-dir DIR/);
    expect(await run('bundle', '--help')).toBe(await run('--help'));
  });

  test('reports a failure in one sentence', async () => {
    const out = ['--out-dir', join(folder, 'never')];
    expect(await run('--bundle', 'none.js', ...out)).toMatch(/^1: The bundle .* cannot be read\.$/);
    expect(await run('--bundle', PROGRAM, ...out)).toMatch(/^1: The module in .* cannot have bindings: .*$/);
    expect(await run('--module-path', folder, ...out)).toMatch(/^1: There is no module to build: .*$/);
    expect(await run('--use-spacetime', '--bundle', bundle, ...out)).toMatch(
      /^1: The spacetime command is not on the path; install it, or leave out --use-spacetime.*$/,
    );
  });

  test('bundles a module', async () => {
    const out = join(folder, 'again.js');
    expect(await run('bundle', PROBE, '--entry', 'index.ts', '--out', out)).toMatch(/^0: Built .*again\.js\.$/);
    // The source map names its own file.
    const codeOf = async (file: string) => (await readFile(file, 'utf8')).replace(/^\/\/# sourceMappingURL=.*$/m, '');
    expect((await codeOf(out)) === (await codeOf(bundle))).toBe(true);
  });

  test('runs the official generator with --use-spacetime', async () => {
    const fake = `#!${process.execPath}
const at = process.argv.indexOf('--out-dir');
require('node:fs').writeFileSync(process.argv[at + 1] + '/index.ts', '// ' + process.argv.slice(2, at).join(' '));
`;
    await writeFile(join(folder, 'spacetime'), fake, { mode: 0o755 });
    const out = join(folder, 'official');
    expect(await run('--use-spacetime', '--bundle', bundle, '--out-dir', out)).toMatch(/^0: /);
    expect(await filesBelow(out)).toEqual(new Map([['index.ts', `// generate --lang typescript --js-path ${bundle}`]]));
  });
});

test('the bundle of a module makes the query builder of its views once', async () => {
  const built = await buildModule(MODULE, { out: join(folder, 'module.js') });
  const text = await readFile(built, 'utf8');
  expect(text.match(/makeQueryBuilder\(\w+\.schemaType\)/g)).toHaveLength(2);
  expect(text.match(/\.queryBuilderOnce \?\?= makeQueryBuilder\(/g)).toHaveLength(2);
});

describe('the description of the probe module as JSON', () => {
  let raw: ReturnType<typeof decodeModule>;
  beforeAll(async () => {
    raw = decodeModule(extractDescription(await readFile(bundle, 'utf8')));
  });

  test('equals that of a real server in version 10, whose lists of names have no order', async () => {
    const official: unknown = JSON.parse(await readFile(join(RECORDINGS, 'probe-schema-v10.json'), 'utf8'));
    expect(unordered(JSON.parse(moduleJson(raw, 10)))).toEqual(unordered(official));
  });

  test('equals that of a real server in version 9', async () => {
    const lines = (await readFile(join(RECORDINGS, 'http.jsonl'), 'utf8')).split('\n');
    const asked = lines.find(line => line.includes('/schema?version=9')) ?? '';
    const { answer } = JSON.parse(asked) as { answer: unknown };
    expect(JSON.parse(moduleJson(raw, 9))).toEqual(answer);
  });
});

/** The same data with every list sorted; positions that matter are numbers inside the items. */
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
