// Which changes of a column's type keep its stored values readable. The rules and the sentences are those of SpacetimeDB's
// `crates/schema/src/auto_migrate.rs`: a sum may get more variants at its end, at any depth, while the size and the alignment
// of its values in SpacetimeDB's pages stay the same. Here rows have no pages, but the same modules must be accepted.

import { typeName } from '../query/type-name.ts';
import {
  type AlgebraicType,
  type ProductElement,
  resolveType,
  type SumType,
  type Typespace,
  WIDTH,
} from '../sats/type.ts';
import type { Placed } from './type-shape.ts';

/** Row types are not recursive; other types may be, and are considered equal below this depth. */
const MAX_DEPTH = 64;

const THE_TYPE = 'the type of column';

/** The column whose type changes, for the sentences. */
export interface ChangedColumn {
  readonly table: string;
  readonly column: string;
}

/** The reasons why values of `before` cannot be kept as values of `after`; empty if they can. */
export function upgradeFaults(changed: ChangedColumn, before: Placed, after: Placed): string[] {
  return new Comparison(changed, before.typespace, after.typespace).faults(before.type, after.type, 0);
}

class Comparison {
  readonly #changed: ChangedColumn;
  readonly #older: Typespace;
  readonly #newer: Typespace;

  constructor(changed: ChangedColumn, older: Typespace, newer: Typespace) {
    this.#changed = changed;
    this.#older = older;
    this.#newer = newer;
  }

  /** A depth above 0 is within the type of the column. */
  faults(older: AlgebraicType, newer: AlgebraicType, depth: number): string[] {
    if (depth > MAX_DEPTH) return [];
    const before = resolveType(older, this.#older);
    const after = resolveType(newer, this.#newer);
    const what = depth === 0 ? THE_TYPE : 'a type within column';
    const [from, to] = [typeName(before, this.#older), typeName(after, this.#newer)];
    const change = (subject: string) =>
      `Changing ${subject} ${this.#changed.column} in table ${this.#changed.table} from ${from} to ${to}`;
    const faults: string[] = [];
    if (before.kind === 'sum' && after.kind === 'sum') {
      if (after.variants.length < before.variants.length) {
        faults.push(`${change(what)}, with fewer variants, requires a manual migration`);
      }
      const renamed = `${change(THE_TYPE)}, with a renamed variant, requires a manual migration`;
      faults.push(...this.#partFaults(before.variants, after.variants, depth, renamed));
      const [old, current] = [sumLayout(before, this.#older, 0), sumLayout(after, this.#newer, 0)];
      if (old.size !== current.size) faults.push(`${change(what)}, requires a manual migration, due to size mismatch`);
      if (old.align !== current.align) {
        faults.push(`${change(what)}, requires a manual migration, due to alignment mismatch`);
      }
    } else if (before.kind === 'product' && after.kind === 'product') {
      if (before.elements.length !== after.elements.length) {
        faults.push(`${change(what)}, with fewer fields, requires a manual migration`);
      }
      const renamed = `${change(THE_TYPE)}, with a renamed field, requires a manual migration`;
      faults.push(...this.#partFaults(before.elements, after.elements, depth, renamed));
    } else if (before.kind === 'array' && after.kind === 'array') {
      faults.push(...this.faults(before.element, after.element, depth + 1));
    } else if (before.kind !== after.kind) {
      faults.push(`${change(what)} requires a manual migration`);
    }
    return faults;
  }

  /** Compares the parts that both types have. */
  #partFaults(
    before: readonly ProductElement[],
    after: readonly ProductElement[],
    depth: number,
    renamed: string,
  ): string[] {
    return before.flatMap((part, at) => {
      const other = after[at];
      if (!other) return [];
      return [...this.faults(part.type, other.type, depth + 1), ...(part.name === other.name ? [] : [renamed])];
    });
  }
}

/** The size and the alignment of a value in SpacetimeDB's pages, in bytes: `crates/sats/src/layout.rs`. */
interface PageLayout {
  readonly size: number;
  readonly align: number;
}

/** Strings and arrays are references. */
const REFERENCE: PageLayout = { size: 4, align: 2 };

function layoutOf(type: AlgebraicType, typespace: Typespace, depth = 0): PageLayout {
  if (depth > MAX_DEPTH) return REFERENCE;
  const resolved = resolveType(type, typespace);
  switch (resolved.kind) {
    case 'string':
    case 'array':
      return REFERENCE;
    case 'product': {
      let size = 0;
      let align = 1;
      for (const element of resolved.elements) {
        const layout = layoutOf(element.type, typespace, depth + 1);
        size = aligned(size, layout.align) + layout.size;
        align = Math.max(align, layout.align);
      }
      return { size: aligned(size, align), align };
    }
    case 'sum':
      return sumLayout(resolved, typespace, depth);
    default: {
      const size = WIDTH[resolved.kind];
      return { size, align: size };
    }
  }
}

/** A tag, padded to the alignment of the largest payload, and that payload. */
function sumLayout({ variants }: SumType, typespace: Typespace, depth: number): PageLayout {
  const layouts = variants.map(({ type }) => layoutOf(type, typespace, depth + 1));
  const align = Math.max(1, ...layouts.map(each => each.align));
  return { size: align + aligned(Math.max(0, ...layouts.map(each => each.size)), align), align };
}

function aligned(size: number, align: number): number {
  return Math.ceil(size / align) * align;
}
