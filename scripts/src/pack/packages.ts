// What is published, and how each is built. A further package is a further line here; which files are its entries, its
// `package.json` says.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

/** The root of the workspace. */
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** A package of the workspace that outsiders install. */
export interface PublishedPackage {
  /** Its folder in the workspace. */
  readonly folder: string;
  /** `neutral` runs in browsers too. */
  readonly platform: 'node' | 'neutral';
  /** A built file for each source file, where files are found by their place and not by imports. */
  readonly keepsFiles?: boolean;
  /** It is generated from the module: see `portable-bindings.ts`. */
  readonly isGenerated?: boolean;
  /** Entries that only the workspace has. */
  readonly inner?: readonly string[];
  /** Entries whose API is written down, by their paths in `src` without the ending: see `../api/main.ts`. */
  readonly reports?: readonly string[];
  /** Files that no entry imports: programs of their own, by their paths in `src` without the ending. */
  readonly programs?: readonly string[];
}

/** Every published package, after those that it imports. */
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
  { folder: 'cli', platform: 'node' },
];

const Paths = z.record(z.string(), z.json()).default({});
const Manifest = z.looseObject({
  name: z.string(),
  exports: Paths,
  imports: Paths,
  publishConfig: z.looseObject({ exports: Paths, imports: Paths, bin: Paths }),
});

/** The parts of a `package.json` that matter here. */
export type Manifest = z.infer<typeof Manifest>;

/** Reads the `package.json` of a published package. */
export function readManifest(folder: string): Manifest {
  return Manifest.parse(JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')));
}

/** Every source file that a published package is entered by, by its path in `src` without the ending. */
export function entriesOf({ folder, programs = [] }: PublishedPackage): string[] {
  const { exports, imports, bin } = readManifest(folder).publishConfig;
  const names = targetsOf([exports, imports, bin]).flatMap(target => /^\.\/lib\/(.*)\.js$/.exec(target)?.[1] ?? []);
  return [...names, ...programs];
}

/** The files that conditions lead to, however deep they are nested. */
export function targetsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(targetsOf) : [];
}
