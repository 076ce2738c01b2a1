// A folder outside the workspace with the published packages, installed from their tarballs as a user installs them.

import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';

const run = promisify(execFile);
const PACK = fileURLToPath(new URL('../../../scripts/src/pack/pack-all.ts', import.meta.url));
const PACK_TIMEOUT_MS = 180_000;
const INSTALL_TIMEOUT_MS = 180_000;
const RUN_TIMEOUT_MS = 60_000;

/** Further packages of a consumer: the newest versions that fit, as a consumer gets them. */
const OTHER_PACKAGES = ['react@19', '@types/react@19', '@types/node@24'];

/** A tarball with the name of its package. */
export interface Tarball {
  readonly name: string;
  readonly file: string;
}

/** The folder, and the operations on it. */
export interface Outside extends AsyncDisposable {
  readonly folder: string;
  readonly tarballs: readonly Tarball[];
  /** Writes a file. */
  write(name: string, text: string): Promise<void>;
  /** Runs a file by Node.js in the folder of the file and returns its standard output. Throws if it fails. */
  run(
    file: string,
    options?: {
      readonly env?: Readonly<Record<string, string>>;
      readonly args?: readonly string[];
      readonly params?: readonly string[];
    },
  ): Promise<string>;
  /** Returns the errors of TypeScript in a file there; an empty text without errors. */
  typeCheck(
    file: string,
    options: {
      readonly moduleResolution: 'bundler' | 'nodenext';
      readonly isExact?: boolean;
      /** True checks the declarations of all packages too. */
      readonly checksLibraries?: boolean;
    },
  ): Promise<string>;
}

/** Packs, and installs the tarballs in a new folder, with further packages. */
export async function openOutside(others: readonly string[] = OTHER_PACKAGES): Promise<Outside> {
  const folder = await mkdtemp(join(tmpdir(), 'agora-outside-'));
  try {
    const tarballs = await packAll(join(folder, 'tarballs'));
    await writeFile(join(folder, 'package.json'), '{ "name": "outside", "private": true, "type": "module" }');
    const flags = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
    const wanted = [...tarballs.map(({ file }) => file), ...others];
    await run('npm', ['install', ...flags, ...wanted], { cwd: folder, timeout: INSTALL_TIMEOUT_MS });
    return {
      folder,
      tarballs,
      async write(name, text) {
        await mkdir(dirname(join(folder, name)), { recursive: true });
        await writeFile(join(folder, name), text);
      },
      async run(file, { env, args = [], params = [] } = {}) {
        const path = join(folder, file);
        const options = { cwd: dirname(path), timeout: RUN_TIMEOUT_MS, env: { ...process.env, ...env } };
        return (await run(process.execPath, [...args, path, ...params], options)).stdout;
      },
      async typeCheck(file, { moduleResolution, isExact = false, checksLibraries = false }) {
        const compilerOptions = {
          target: 'ES2024',
          lib: ['ESNext', 'DOM'],
          module: moduleResolution === 'bundler' ? 'ESNext' : 'NodeNext',
          moduleResolution,
          types: ['node'],
          jsx: 'react-jsx',
          strict: true,
          exactOptionalPropertyTypes: isExact,
          skipLibCheck: !checksLibraries,
          allowImportingTsExtensions: true,
          noEmit: true,
        };
        const config = `tsconfig.${moduleResolution}.json`;
        await writeFile(join(folder, config), JSON.stringify({ compilerOptions, files: [file] }));
        const tsc = createRequire(import.meta.url).resolve('typescript/lib/tsc.js');
        return run(process.execPath, [tsc, '-p', config], { cwd: folder, timeout: RUN_TIMEOUT_MS }).then(
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

/** Runs `pnpm pack:all`, which prints the name and the file of each tarball. */
async function packAll(out: string): Promise<Tarball[]> {
  const options = { cwd: dirname(PACK), timeout: PACK_TIMEOUT_MS, env: { ...process.env, INIT_CWD: out } };
  const { stdout } = await run(process.execPath, [PACK, '--out', out], options);
  return [...stdout.matchAll(/^(@agora\/\S+) +(\S+\.tgz)$/gm)].map(([, name = '', file = '']) => ({
    name,
    file: join(out, file),
  }));
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

/** The `package.json` of an installed package, checked for the fields of every published package, and its text. */
export async function installedManifest(outside: Outside, name: string) {
  const text = await readFile(join(outside.folder, 'node_modules', name, 'package.json'), 'utf8');
  return { text, manifest: Installed.parse(JSON.parse(text)) };
}
