// A cached bundle is either the same bundle or ignored.

import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { compileBundle } from '../guest/bundle.ts';
import { ScriptFile } from './script-file.ts';

const root = mkdtempSync(join(tmpdir(), 'agora-script-'));
afterAll(() => rmSync(root, { recursive: true }));
let files = 0;
const newPath = (): string => join(root, 'cache', `${files++}.script`);

const SCRIPT = { code: 'one("é"); two();', map: '{"version":3}' };

describe('a script file', () => {
  test('returns the stored bundle, readable by its owner only', () => {
    const path = newPath();
    new ScriptFile(path).keep('a bundle', SCRIPT);
    expect(new ScriptFile(path).read('a bundle')).toEqual(SCRIPT);
    expect(statSync(path).mode & 0o077).toBe(0);
  });

  test('returns nothing for another bundle or a damaged file', () => {
    const path = newPath();
    expect(new ScriptFile(path).read('a bundle')).toBeUndefined();
    new ScriptFile(path).keep('a bundle', SCRIPT);
    expect(new ScriptFile(path).read('another bundle')).toBeUndefined();
    const whole = readFileSync(path);
    writeFileSync(path, whole.subarray(0, whole.length - 1));
    expect(new ScriptFile(path).read('a bundle')).toBeUndefined();
    writeFileSync(path, whole.toString('utf8').replace('two', 'ten'));
    expect(new ScriptFile(path).read('a bundle')).toBeUndefined();
    writeFileSync(path, '');
    appendFileSync(path, 'nonsense\n');
    expect(new ScriptFile(path).read('a bundle')).toBeUndefined();
  });

  test('in an unwritable folder stores nothing and does not fail', () => {
    const path = '/proc/nowhere/script';
    new ScriptFile(path).keep('a bundle', SCRIPT);
    expect(existsSync(path)).toBe(false);
  });

  test('saves the transformation of a known bundle', () => {
    const kept = new ScriptFile(newPath());
    const bundle = 'export default 1; // made once';
    let made = 0;
    const counting = {
      read: (of: string) => kept.read(of),
      keep: (of: string, script: typeof SCRIPT) => {
        made++;
        kept.keep(of, script);
      },
    };
    compileBundle(bundle, counting);
    // More bundles than the memory cache holds.
    for (let n = 0; n < 8; n++) compileBundle(`export default ${n};`);
    const { script } = compileBundle(bundle, counting);
    expect(made).toBe(1);
    expect(script.runInThisContext()).toBeTypeOf('function');
  });
});
