// The built page in memory: read once, compressed once.

import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

const compress = promisify(gzip);

/** The folder of the built page: beside `src` here, and beside `lib` in the published package. */
const DIST = fileURLToPath(new URL('../../dist/', import.meta.url));
/** The same from `lib/index.js`, which has one folder less above it. */
const PUBLISHED_DIST = fileURLToPath(new URL('../dist/', import.meta.url));

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** A file of the page. */
export interface PageFile {
  readonly type: string;
  readonly plain: Uint8Array<ArrayBuffer>;
  readonly gzipped: Uint8Array<ArrayBuffer>;
}

/** The files of the page by their path, such as `/index.html`; undefined if it is not built. */
export async function readPageFiles(): Promise<ReadonlyMap<string, PageFile> | undefined> {
  const folder = await firstExisting([DIST, PUBLISHED_DIST]);
  if (folder === undefined) return undefined;
  const names = (await readdir(folder, { recursive: true, withFileTypes: true })).filter(entry => entry.isFile());
  const files = await Promise.all(
    names.map(async ({ parentPath, name }): Promise<[string, PageFile]> => {
      const path = join(parentPath, name);
      const plain = new Uint8Array(await readFile(path));
      const gzipped = new Uint8Array(await compress(plain, { level: 9 }));
      const type = TYPES[extname(name)] ?? 'application/octet-stream';
      return [`/${path.slice(folder.length).replaceAll('\\', '/')}`, { type, plain, gzipped }];
    }),
  );
  return new Map(files);
}

async function firstExisting(folders: readonly string[]): Promise<string | undefined> {
  for (const folder of folders) {
    const found = await readdir(folder).catch((): string[] => []);
    if (found.includes('index.html')) return folder;
  }
  return undefined;
}
