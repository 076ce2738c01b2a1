import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'agora-demo-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the demo to its end. */
async function demo(...flags: string[]): Promise<{ code: unknown; out: string; err: string }> {
  const child = spawn(process.execPath, [MAIN, ...flags], { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const [code] = (await once(child, 'close')) as unknown[];
  return { code, out, err };
}

describe('npm run demo', () => {
  test('lets three agents write, review and score documents, and shows every hop', { timeout: 120_000 }, async () => {
    const out = join(folder, 'documents');
    const shown = await demo('--out', out);
    expect(shown.err).toBe('');
    expect(shown.code).toBe(0);
    expect(readdirSync(out).sort()).toEqual(['client.md', 'host.md', 'module.md', 'quality.md', 'review.md']);
    expect(readFileSync(join(out, 'client.md'), 'utf8')).toContain('### AgoraClient\n');
    expect(shown.out).toContain('handled as critical, high, normal, low');
    expect(shown.out).toMatch(/^ {2}✓ all three agents left in good order$/m);
  });

  test('ends with one sentence when the given hub does not answer', async () => {
    const shown = await demo('--server', 'http://127.0.0.1:9', '--out', folder);
    expect(shown.code).toBe(1);
    expect(shown.err).toMatch(/^No hub with the database "agora" answers at http:\/\/127\.0\.0\.1:9.*\n$/);
  });

  test('ends with one sentence when its folder cannot be written', async () => {
    const file = join(folder, 'a-file');
    writeFileSync(file, '');
    const shown = await demo('--out', join(file, 'documents'));
    expect(shown.code).toBe(1);
    expect(shown.err).toMatch(/^The folder .* cannot be written.*\n$/);
  });

  test('refuses a bad flag', async () => {
    const shown = await demo('--output', folder);
    expect(shown.code).toBe(2);
    expect(shown.err).toMatch(/^Unknown option '--output'.*\n$/);
  });
});
