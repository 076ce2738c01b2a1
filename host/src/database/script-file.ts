// A cache file for a transformed bundle: the transformation takes a separate process and 50 ms or more. The file may be
// damaged or belong to another bundle; then it is ignored.

import { createHash } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import type { ScriptCache, TransformedBundle } from '../guest/bundle.ts';
import { makeFolder } from '../storage/make-folder.ts';

const headShape = z.object({ of: z.string(), sum: z.string(), codeBytes: z.number() });

/** Stores one transformed bundle: a JSON line with its digests, then the code, then the source map. */
export class ScriptFile implements ScriptCache {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** Removes the file, also a partly written one. */
  static remove(path: string): void {
    for (const file of [path, `${path}.new`]) rmSync(file, { force: true });
  }

  read(of: string): TransformedBundle | undefined {
    try {
      const file = readFileSync(this.#path);
      const end = file.indexOf('\n');
      const head = headShape.parse(JSON.parse(file.toString('utf8', 0, end)));
      const body = file.subarray(end + 1);
      if (head.of !== digest(of) || head.sum !== digest(body)) return undefined;
      return { code: body.toString('utf8', 0, head.codeBytes), map: body.toString('utf8', head.codeBytes) };
    } catch {
      return undefined;
    }
  }

  /** Stores a bundle; an unwritable folder is ignored. */
  keep(of: string, { code, map }: TransformedBundle): void {
    const body = Buffer.from(code + map);
    const head = { of: digest(of), sum: digest(body), codeBytes: Buffer.byteLength(code) };
    const fresh = `${this.#path}.new`;
    try {
      makeFolder(dirname(this.#path), 0o700);
      writeFileSync(fresh, Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), body]), { mode: 0o600 });
      renameSync(fresh, this.#path);
    } catch {
      return;
    }
  }
}

function digest(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
