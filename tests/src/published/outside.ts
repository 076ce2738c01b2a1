// A folder outside the workspace with the published packages, installed from their tarballs like a user installs them.

import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { packAll, type Tarball } from '@agora/scripts/pack';
import { z } from 'zod';

const run = promisify(execFile);
const INSTALL_WITHIN_MS = 180_000;
const RUN_WITHIN_MS = 60_000;

/** Further dependencies of a consumer: the newest that match, as a consumer gets them. */
const BESIDES = ['react@19', '@types/react@19', '@types/node@24'];

/** The folder and its operations. */
export interface Outside extends AsyncDisposable {
  readonly folder: string;
  readonly tarballs: readonly Tarball[];
  /** Writes a file. */
  write(name: string, text: string): Promise<void>;
  /**
   * Runs a file with Node.js in its folder, to its end, and returns its output. Throws with the whole output when it
   * fails.
   */
  run(
    file: string,
    options?: {
      readonly env?: Readonly<Record<string, string>>;
      readonly args?: readonly string[];
      readonly params?: readonly string[];
    },
  ): Promise<string>;
  /** Errors of TypeScript in a file there; empty if there are none. */
  typeCheck(
    file: string,
    options: { readonly moduleResolution: 'bundler' | 'nodenext'; readonly isExact?: boolean },
  ): Promise<string>;
}

/** Packs, and installs in a new folder. */
export async function openOutside(): Promise<Outside> {
  const folder = await mkdtemp(join(tmpdir(), 'agora-outside-'));
  try {
    const tarballs = await packAll(join(folder, 'tarballs'));
    await writeFile(join(folder, 'package.json'), '{ "name": "outside", "private": true, "type": "module" }');
    const flags = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
    const wanted = [...tarballs.map(({ file }) => file), ...BESIDES];
    await run('npm', ['install', ...flags, ...wanted], { cwd: folder, timeout: INSTALL_WITHIN_MS });
    return {
      folder,
      tarballs,
      async write(name, text) {
        await mkdir(dirname(join(folder, name)), { recursive: true });
        await writeFile(join(folder, name), text);
      },
      async run(file, { env, args = [], params = [] } = {}) {
        const path = join(folder, file);
        const options = { cwd: dirname(path), timeout: RUN_WITHIN_MS, env: { ...process.env, ...env } };
        return (await run(process.execPath, [...args, path, ...params], options)).stdout;
      },
      async typeCheck(file, { moduleResolution, isExact = false }) {
        const compilerOptions = {
          target: 'ES2024',
          lib: ['ESNext', 'DOM'],
          module: moduleResolution === 'bundler' ? 'ESNext' : 'NodeNext',
          moduleResolution,
          types: ['node'],
          jsx: 'react-jsx',
          strict: true,
          exactOptionalPropertyTypes: isExact,
          skipLibCheck: true,
          allowImportingTsExtensions: true,
          noEmit: true,
        };
        const config = `tsconfig.${moduleResolution}.json`;
        await writeFile(join(folder, config), JSON.stringify({ compilerOptions, files: [file] }));
        const tsc = createRequire(import.meta.url).resolve('typescript/lib/tsc.js');
        return run(process.execPath, [tsc, '-p', config], { cwd: folder, timeout: RUN_WITHIN_MS }).then(
          ({ stdout }) => stdout,
          (error: unknown) => z.object({ stdout: z.string() }).parse(error).stdout,
        );
      },
      [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
    };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

const Installed = z.looseObject({
  name: z.string(),
  license: z.string(),
  engines: z.object({ node: z.string() }),
  files: z.array(z.string()),
  sideEffects: z.union([z.boolean(), z.array(z.string())]),
  exports: z.record(z.string(), z.unknown()).optional(),
  private: z.undefined().optional(),
});

/** The `package.json` of an installed package, checked for the fields of every published one, and its text. */
export async function installedManifest(outside: Outside, name: string) {
  const text = await readFile(join(outside.folder, 'node_modules', name, 'package.json'), 'utf8');
  return { text, manifest: Installed.parse(JSON.parse(text)) };
}
