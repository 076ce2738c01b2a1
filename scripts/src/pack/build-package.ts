// Builds a package for publishing: JavaScript and declarations in its folder `lib`.

import { join } from 'node:path';
import { build } from 'tsdown';
import { entriesOf, type PublishedPackage, ROOT } from './packages.ts';
import { withPortableBindings } from './portable-bindings.ts';

/** The oldest supported Node.js and browsers. */
const TARGET = { node: 'node24', neutral: 'es2022' };

/** Rebuilds `lib/`. Imports of other packages stay imports. */
export async function buildPackage(built: PublishedPackage): Promise<void> {
  const folder = join(ROOT, built.folder);
  if (!built.isGenerated) return buildFrom(built, 'src');
  const copy = '.portable';
  await withPortableBindings(join(folder, 'src'), join(folder, copy), () => buildFrom(built, copy));
}

async function buildFrom(built: PublishedPackage, source: string): Promise<void> {
  const { platform, keepsFiles = false } = built;
  const entries = entriesOf(built).map(name => [name, `./${source}/${name}.ts`]);
  await build({
    cwd: join(ROOT, built.folder),
    config: false,
    entry: Object.fromEntries(entries) as Record<string, string>,
    outDir: 'lib',
    format: 'esm',
    platform,
    target: TARGET[platform],
    // What an export marks as `@internal` is for its own package.
    dts: { compilerOptions: { stripInternal: true } },
    // Conditional imports (`#name`) are resolved by the consumer.
    deps: { neverBundle: [/^#/, /^node:/] },
    unbundle: keepsFiles,
    fixedExtension: false,
    hash: false,
    report: false,
    logLevel: 'warn',
    // Else a declaration keeps an import of each package that the stripped members name.
    treeshake: { moduleSideEffects: [{ external: true, sideEffects: false }] },
    inputOptions: { checks: { pluginTimings: false } },
  });
}
