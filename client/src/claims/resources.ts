// Resources of claims as programs write them.

import { canMatchCommonPath, parsePathPattern, type ClaimedResource } from '@agora/module/contract';

/** A path or a pattern of paths as a text, or `{ path }`, or any other `{ name }`. */
export type ClaimTarget = string | { readonly path: string } | { readonly name: string };

/** Returns the resources in normal form: `./src/` is `src/**`. The hub refuses what is no path. */
export function resourcesOf(targets: ClaimTarget | readonly ClaimTarget[]): ClaimedResource[] {
  return (isList(targets) ? targets : [targets]).map(target => {
    if (typeof target === 'string') return { kind: 'path', key: normalPath(target) };
    if ('name' in target) return { kind: 'name', key: target.name.normalize() };
    return { kind: 'path', key: normalPath(target.path) };
  });
}

/** Returns true if two resources can be the same. */
export function isCommon(a: ClaimedResource, b: ClaimedResource): boolean {
  if (a.kind !== b.kind) return false;
  if (a.kind === 'name') return a.key === b.key;
  const [one, other] = [parsePathPattern(a.key), parsePathPattern(b.key)];
  return one !== undefined && other !== undefined && canMatchCommonPath(one, other);
}

function normalPath(path: string): string {
  const plain = path.normalize().replace(/^(\.\/)+/, '');
  return plain.length > 1 && plain.endsWith('/') ? `${plain}**` : plain;
}

function isList(targets: ClaimTarget | readonly ClaimTarget[]): targets is readonly ClaimTarget[] {
  return Array.isArray(targets);
}
