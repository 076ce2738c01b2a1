// Table of the published packages and their builds. A new package is a new line; its `package.json` names its entries.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

/** The root of the workspace. */
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** A published package of the workspace. */
export interface PublishedPackage {
  /** Its folder in the workspace. */
  readonly folder: string;
  /** `neutral` runs in browsers too. */
  readonly platform: 'node' | 'neutral';
  /** One built file per source file, for packages that find files by their path. */
  readonly keepsFiles?: boolean;
  /** True if it is generated from the module: see `portable-bindings.ts`. */
  readonly isGenerated?: boolean;
  /** Entries for the workspace only. */
  readonly inner?: readonly string[];
  /** Entries with an API report, by their paths in `src` without extension: see `../api/main.ts`. */
  readonly reports?: readonly string[];
  /** Programs that no entry imports, by their paths in `src` without extension. */
  readonly programs?: readonly string[];
}

/** All published packages, each after those that it imports. */
export const PACKAGES: readonly PublishedPackage[] = [
  { folder: 'module', platform: 'neutral', reports: ['contract/index', 'workflow/index'] },
  { folder: 'bindings', platform: 'neutral', isGenerated: true },
  { folder: 'client', platform: 'neutral', reports: ['index', 'node/index', 'react/index'] },
  {
    folder: 'host',
    platform: 'node',
    keepsFiles: true,
    programs: ['storage/check-process'],
    inner: ['./schema/fixtures', './fuzzing'],
  },
  { folder: 'codegen', platform: 'node', reports: ['index'] },
  { folder: 'hub', platform: 'node', reports: ['index'] },
  { folder: 'testing', platform: 'node', reports: ['index'] },
  { folder: 'mcp', platform: 'node', reports: ['index', 'hook/index', 'http/index', 'install/index'] },
  { folder: 'dashboard', platform: 'node', reports: ['index'] },
  { folder: 'cli', platform: 'node' },
];

const Paths = z.record(z.string(), z.json()).default({});
const Manifest = z.looseObject({
  name: z.string(),
  exports: Paths,
  imports: Paths,
  publishConfig: z.looseObject({ exports: Paths, imports: Paths, bin: Paths }),
});

/** The used parts of a `package.json`. */
export type Manifest = z.infer<typeof Manifest>;

/** Reads the `package.json` of a published package. */
export function readManifest(folder: string): Manifest {
  return Manifest.parse(JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')));
}

/** The entry files of a published package, by their paths in `src` without extension. */
export function entriesOf({ folder, programs = [] }: PublishedPackage): string[] {
  const { exports, imports, bin } = readManifest(folder).publishConfig;
  const names = targetsOf([exports, imports, bin]).flatMap(target => /^\.\/lib\/(.*)\.js$/.exec(target)?.[1] ?? []);
  return [...names, ...programs];
}

/** All files in nested conditions. */
export function targetsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(targetsOf) : [];
}
