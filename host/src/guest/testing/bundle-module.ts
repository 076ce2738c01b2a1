// Bundles for tests: real TypeScript modules with the real server library.

import { buildSync } from 'esbuild';

const bundles = new Map<string, string>();

/** Bundles the source of a module like a publisher. */
export function bundleModule(source: string): string {
  let bundle = bundles.get(source);
  if (bundle === undefined) {
    const built = buildSync({
      stdin: { contents: source, loader: 'ts', resolveDir: import.meta.dirname },
      bundle: true,
      format: 'esm',
      target: 'esnext',
      external: ['spacetime:sys@*'],
      write: false,
      logLevel: 'silent',
    });
    bundle = built.outputFiles[0]?.text ?? '';
    bundles.set(source, bundle);
  }
  return bundle;
}
