// The index of claims by resource. Each resource has one place:
//
// - a name: itself;
// - a path without wildcards: the whole path;
// - a pattern: its leading segments without wildcards, its folder.
//
// Two patterns can match a common path only if the folder of one is, or is above, that of the other. A check therefore reads the
// patterns in the folders above, and what is at or below its own folder, never all claims.

import { Range } from 'spacetimedb/server';
import { LIMITS } from '../contract/limits.ts';
import { canMatchCommonPath, parsePathPattern, type PathPattern } from '../contract/path-pattern.ts';
import type { ClaimedResource } from '../contract/wire.ts';
import { refuse } from '../refuse.ts';
import type { Ctx } from '../schema.ts';

type Db = Ctx['db'];
/** The resources of one claim, as the index needs them. */
interface Indexed {
  readonly resources: readonly ClaimedResource[];
  readonly isShared: boolean;
}

/** The first letter of a place: shared claims conflict only with exclusive ones, so both are apart. */
const MODES = { exclusive: 'x', shared: 's' } as const;
type Mode = (typeof MODES)[keyof typeof MODES];
/** The second letter: a name, a path, or the folder of a pattern. */
type Form = 'n' | 'p' | 'f';

/**
 * Returns the ids of the claims that conflict with a claim of these resources. Refuses a check that would read more than
 * `claimRows` rows. Bound of look-ups: for each resource 4 for each folder above, and 6 at its own place.
 */
export function conflictsOf(db: Db, wanted: Indexed): Set<string> {
  const search = new Search(db, wanted.isShared ? [MODES.exclusive] : [MODES.exclusive, MODES.shared]);
  for (const { kind, key } of wanted.resources) {
    if (kind === 'name') search.addAt('n', key);
    else search.addPaths(key, patternOf(key));
  }
  return search.found;
}

/** One check: collects conflicting claims, and counts the rows that it reads. */
class Search {
  readonly found = new Set<string>();
  readonly #db: Db;
  readonly #modes: readonly Mode[];
  #rows = 0;

  constructor(db: Db, modes: readonly Mode[]) {
    this.#db = db;
    this.#modes = modes;
  }

  addPaths(key: string, pattern: PathPattern): void {
    const { segments, literals } = pattern;
    const isPath = literals === segments.length;
    // Patterns in the folders above; for a path, also those in a folder of its name, such as `src/**` for `src`.
    const last = isPath ? literals : literals - 1;
    for (let depth = 0; depth <= last; depth++) this.addAt('f', folderOf(segments, depth), pattern);
    if (isPath) return this.addAt('p', key);
    this.#addBelow(folderOf(segments, literals), pattern);
  }

  /** Adds the claims at one place: at most `claimsPerPlace` rows in each mode. */
  addAt(form: Form, place: string, pattern?: PathPattern): void {
    for (const mode of this.#modes) {
      const rows = [...this.#db.claimPlace.place.filter(`${mode}${form}:${place}`)];
      this.#countRows(place, rows.length);
      this.#add(rows, pattern);
    }
  }

  /** Adds the paths and patterns at and below a folder. The counters of the folder show how many rows that reads. */
  #addBelow(folder: string, pattern: PathPattern): void {
    const count = this.#db.claimFolder.path.find(folder);
    if (!count) return;
    this.#countRows(folder, this.#modes.includes(MODES.shared) ? count.exclusive + count.shared : count.exclusive);
    for (const mode of this.#modes) {
      for (const form of ['p', 'f'] as const) {
        const start = `${mode}${form}:${folder}`;
        // `0` follows `/`, and `;` follows `:`, in the order of characters.
        const below =
          folder === ''
            ? new Range<string>({ tag: 'included', value: start }, { tag: 'excluded', value: `${mode}${form};` })
            : new Range<string>({ tag: 'included', value: `${start}/` }, { tag: 'excluded', value: `${start}0` });
        this.#add(this.#db.claimPlace.place.filter(below), pattern);
        if (folder !== '') this.#add(this.#db.claimPlace.place.filter(start), pattern);
      }
    }
  }

  #add(rows: Iterable<{ readonly claim: string; readonly key: string }>, pattern: PathPattern | undefined): void {
    for (const { claim, key } of rows) {
      if (this.found.has(claim)) continue;
      if (!pattern || canMatchCommonPath(pattern, patternOf(key))) this.found.add(claim);
    }
  }

  #countRows(where: string, rows: number): void {
    this.#rows += rows;
    if (this.#rows > LIMITS.claimRows)
      refuse('claim/too-broad', `too many claims to compare at "${where}"; name narrower patterns, or fewer`);
  }
}

/** Adds the resources of a claim to the index. Refuses a place that is full. */
export function addPlaces(db: Db, id: string, claim: Indexed): void {
  for (const resource of claim.resources) {
    const place = placeOf(resource, claim.isShared);
    // At most `claimsPerPlace` rows.
    const inUse = [...db.claimPlace.place.filter(place)].length;
    if (inUse >= LIMITS.claimsPerPlace)
      refuse('claim/too-many', `${LIMITS.claimsPerPlace} claims name "${resource.key}", or patterns in its folder`);
    db.claimPlace.insert({ id: 0n, place, claim: id, key: resource.key });
    countFolders(db, resource, claim.isShared, 1);
  }
}

/** Removes the resources of a claim from the index. */
export function removePlaces(db: Db, id: string, claim: Indexed): void {
  db.claimPlace.claim.delete(id);
  for (const resource of claim.resources) countFolders(db, resource, claim.isShared, -1);
}

/** Counts a path at its place and in all folders above: at most `claimSegments` rows, and the root. */
function countFolders(db: Db, { kind, key }: ClaimedResource, isShared: boolean, change: 1 | -1): void {
  if (kind === 'name') return;
  const { segments, literals } = patternOf(key);
  for (let depth = 0; depth <= literals; depth++) {
    const path = folderOf(segments, depth);
    const found = db.claimFolder.path.find(path);
    const { exclusive, shared } = found ?? { exclusive: 0, shared: 0 };
    const row = isShared
      ? { path, exclusive, shared: shared + change }
      : { path, exclusive: exclusive + change, shared };
    if (!found) db.claimFolder.insert(row);
    else if (row.exclusive + row.shared > 0) db.claimFolder.path.update(row);
    else db.claimFolder.path.delete(path);
  }
}

function placeOf({ kind, key }: ClaimedResource, isShared: boolean): string {
  const mode = isShared ? MODES.shared : MODES.exclusive;
  if (kind === 'name') return `${mode}n:${key}`;
  const { segments, literals } = patternOf(key);
  return literals === segments.length ? `${mode}p:${key}` : `${mode}f:${folderOf(segments, literals)}`;
}

function folderOf(segments: readonly string[], depth: number): string {
  return segments.slice(0, depth).join('/');
}

/** Returns the parts of a path that was checked when it was claimed. */
function patternOf(key: string): PathPattern {
  return parsePathPattern(key) ?? refuse('claim/bad-resource', `"${key.slice(0, 64)}" is not a path`);
}
