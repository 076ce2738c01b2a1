// The probe modules of the recordings, bundled as `spacetime build` does.

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildModule } from '@agora/codegen';

const FOLDER = fileURLToPath(new URL('../../conformance/recordings/modules/', import.meta.url));

/** Builds the modules with these names, or all. */
export async function buildProbeModules(names?: readonly string[]): Promise<ReadonlyMap<string, Buffer>> {
  const out = await mkdtemp(join(tmpdir(), 'agora-probes-'));
  try {
    const bundles = new Map<string, Buffer>();
    for (const name of names ?? (await readdir(FOLDER))) {
      const file = join(out, `${name}.js`);
      await buildModule(join(FOLDER, name), { entry: 'index.ts', out: file });
      bundles.set(name, await readFile(file));
    }
    return bundles;
  } finally {
    await rm(out, { recursive: true });
  }
}
