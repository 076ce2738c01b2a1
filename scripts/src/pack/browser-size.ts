// `pnpm browser-size`: the size of the client in a browser, bundled and minified by esbuild from the sources.

import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { join } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { CommandError, parseFlags, runCommand } from '../command.ts';
import { ROOT } from './packages.ts';

const USAGE = 'pnpm browser-size [--why]';

/** Bytes of a bundle: minified, and compressed as servers send it. */
export interface BrowserSize {
  readonly min: number;
  readonly gzip: number;
  readonly brotli: number;
  /** Minified bytes by package, the largest first. */
  readonly parts: readonly (readonly [string, number])[];
}

/** Measures the code that a page loads for an import, without later loads (`import()`). Throws if code needs Node.js. */
export async function browserSize(code: string, folder = join(ROOT, 'client')): Promise<BrowserSize> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: code, resolveDir: folder, loader: 'js' },
    bundle: true,
    minify: true,
    splitting: true,
    format: 'esm',
    // On this platform the built-in modules of Node.js do not resolve.
    platform: 'browser',
    target: 'es2022',
    conditions: ['production'],
    // A page that uses the hooks has it already.
    external: ['react'],
    define: { 'process.env.NODE_ENV': '"production"' },
    outdir: 'out',
    write: false,
    metafile: true,
    logLevel: 'silent',
    absWorkingDir: folder,
  });
  const loaded = eagerOutputs(metafile, 'out/stdin.js');
  const bytes = Buffer.concat(
    outputFiles.filter(({ path }) => loaded.some(name => path.endsWith(name))).map(({ contents }) => contents),
  );
  const parts = new Map<string, number>();
  for (const name of loaded) {
    for (const [path, { bytesInOutput }] of Object.entries(metafile.outputs[name]?.inputs ?? {})) {
      const part = packageOf(path);
      parts.set(part, (parts.get(part) ?? 0) + bytesInOutput);
    }
  }
  return {
    min: bytes.length,
    gzip: gzipSync(bytes, { level: constants.Z_BEST_COMPRESSION }).length,
    brotli: brotliCompressSync(bytes).length,
    parts: [...parts].sort(([, a], [, b]) => b - a),
  };
}

/** Returns an output and all its imports, direct and indirect. */
function eagerOutputs({ outputs }: Metafile, first: string): string[] {
  const found = [first];
  for (const name of found) {
    for (const { path, kind } of outputs[name]?.imports ?? []) {
      if (kind === 'import-statement' && !found.includes(path)) found.push(path);
    }
  }
  return found;
}

function packageOf(path: string): string {
  return /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? /^(?:\.\.\/)?(\w+)\//.exec(path)?.[1] ?? path;
}

/** The entries of the client for pages. */
export const BROWSER_ENTRIES = {
  '@agora/client': "export { AgoraClient } from '@agora/client';",
  '@agora/client/react': "export * from '@agora/client/react';",
} as const;

async function main(args: string[]): Promise<void> {
  const { values } = parseFlags({ args, options: { why: { type: 'boolean', default: false } } }, USAGE);
  const kilo = (bytes: number) => `${(bytes / 1000).toFixed(1)} kB`;
  for (const [name, code] of Object.entries(BROWSER_ENTRIES)) {
    const { min, gzip, brotli, parts } = await browserSize(code).catch((cause: unknown) => {
      throw new CommandError(`${name} cannot be bundled for a browser: ${(cause as Error).message}`, 1, { cause }); // esbuild throws errors only
    });
    console.log(`${name}: ${kilo(min)} minified, ${kilo(gzip)} gzip, ${kilo(brotli)} brotli`);
    if (values.why) for (const [part, bytes] of parts) console.log(`  ${kilo(bytes).padStart(9)}  ${part}`);
  }
}

if (import.meta.main) await runCommand(main);
