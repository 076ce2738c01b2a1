// `pnpm pack:all --out DIR`: makes the tarballs of all published packages.

import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { delimiter, join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { parseFlags, runCommand, CommandError } from '../command.ts';
import { buildPackage } from './build-package.ts';
import { PACKAGES, ROOT } from './packages.ts';

const USAGE = 'pnpm pack:all [--out DIR]';
const DEFAULT_OUT = 'tarballs';
/** The folder where `run.mjs` installs pnpm. */
const PNPM = join(ROOT, 'node_modules/.tools/node_modules/.bin');
const PACK_TIMEOUT_MS = 120_000;

const run = promisify(execFile);
const Packed = z.object({ name: z.string(), filename: z.string() });

/** A tarball and the name of its package. */
interface Tarball {
  readonly name: string;
  readonly file: string;
}

/** Builds and packs every published package into a folder, which is created. */
async function packAll(out: string): Promise<Tarball[]> {
  const folder = resolve(out);
  await mkdir(folder, { recursive: true });
  // Declarations are made from sources, so no build waits for another.
  await Promise.all(PACKAGES.map(buildPackage));
  const tarballs: Tarball[] = [];
  for (const { folder: from } of PACKAGES) tarballs.push(await pack(from, folder));
  return tarballs;
}

async function pack(from: string, out: string): Promise<Tarball> {
  try {
    // pnpm replaces `workspace:` and `catalog:` by versions, and applies `publishConfig`.
    const { stdout } = await run('pnpm', ['pack', '--json', '--pack-destination', out], {
      cwd: join(ROOT, from),
      env: { ...process.env, PATH: [PNPM, process.env['PATH']].join(delimiter) },
      timeout: PACK_TIMEOUT_MS,
    });
    const { name, filename } = Packed.parse(JSON.parse(stdout));
    return { name, file: resolve(out, filename) };
  } catch (cause) {
    throw new CommandError(`${from} could not be packed: ${(cause as Error).message}`, 1, { cause }); // execFile and zod
  }
}

async function main(args: string[]): Promise<void> {
  const { values } = parseFlags({ args, options: { out: { type: 'string', default: DEFAULT_OUT } } }, USAGE);
  const startFolder = process.env['INIT_CWD'] ?? process.cwd();
  for (const { name, file } of await packAll(resolve(startFolder, values.out))) {
    console.log(`${name.padEnd(16)} ${relative(startFolder, file)}`);
  }
}

if (import.meta.main) await runCommand(main);
