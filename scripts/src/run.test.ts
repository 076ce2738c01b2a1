import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

let clone: string;

beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), 'agora-clone-'));
  for (const file of ['package.json', 'pnpm-lock.yaml', 'scripts/run.mjs']) cpSync(join(ROOT, file), join(clone, file));
});

afterEach(() => rmSync(clone, { recursive: true, force: true }));

/** Runs a command in a clone without installed packages and without a registry. */
function run(...args: string[]) {
  return spawnSync(process.execPath, [join(clone, 'scripts/run.mjs'), ...args], {
    encoding: 'utf8',
    timeout: 30_000,
    env: {
      ...process.env,
      npm_config_registry: 'http://127.0.0.1:9/',
      npm_config_fetch_retries: '0',
      npm_config_cache: join(clone, 'cache'),
    },
  });
}

/** PATH without the folders of a checkout. */
function pathWithout(folder: string): string {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter(each => !each.startsWith(folder))
    .join(delimiter);
}

describe('the entry point of the repository', () => {
  test('reports in one sentence why the install failed, and keeps the details', { timeout: 60_000 }, () => {
    const { status, stdout, stderr } = run('start');
    expect(status).toBe(1);
    expect(stdout).toBe('');
    const [progress, sentence, ...rest] = stderr.trim().split('\n');
    expect(progress).toBe('Installing what is missing …');
    expect(sentence).toMatch(
      /^Installing the dependencies failed: the npm registry could not be reached;.*install\.log\)\.$/,
    );
    expect(rest).toEqual([]);
    expect(existsSync(join(clone, 'node_modules/.tools/install.log'))).toBe(true);
  });

  test('installs what running Agora needs, and no tool of its development', { timeout: 180_000 }, () => {
    const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], { cwd: ROOT });
    for (const file of files.toString().split('\0')) {
      if (file !== '' && existsSync(join(ROOT, file))) cpSync(join(ROOT, file), join(clone, file));
    }
    // The packages of this checkout are in the caches of npm and pnpm.
    const env = { ...process.env, npm_config_prefer_offline: 'true', PATH: pathWithout(join(ROOT, 'node_modules')) };
    const agora = (...words: string[]) =>
      spawnSync(process.execPath, [join(clone, 'scripts/run.mjs'), 'agora', ...words], { encoding: 'utf8', env });
    const first = agora('--version');
    expect(first).toMatchObject({ status: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string });
    expect(first.stderr).toBe(
      'Installing what is missing …\nBuilding module …\nBuilding bindings …\nBuilding dashboard …\n',
    );
    expect(agora('--version')).toMatchObject({ status: 0, stderr: '' });
    const installed = readdirSync(join(clone, 'node_modules/.pnpm')).map(name => name.replace(/(?<=.)@.*/, ''));
    for (const tool of ['turbo', 'typescript', 'eslint', 'vitest']) expect(installed).not.toContain(tool);
    const [kibibytes = ''] = execFileSync('du', ['-sk', join(clone, 'node_modules')], { encoding: 'utf8' }).split('\t');
    expect(Number(kibibytes) / 1024).toBeLessThan(250);
  });

  test('installs nothing for an unknown command', () => {
    const { status, stderr } = run('strat');
    expect(status).toBe(1);
    expect(stderr).toMatch(/^Unknown command "strat"; there are: start, .*\.\n$/);
    expect(existsSync(join(clone, 'node_modules'))).toBe(false);
  });
});
