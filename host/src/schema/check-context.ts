// What every check of one module needs: its raw description, its canonical names and types, and a place for faults.

import { type AlgebraicType, type ProductType, type Typespace } from '../sats/type.ts';
import { type ColumnDef } from './definition.ts';
import { type Faults } from './faults.ts';
import { type CanonicalNames } from './names.ts';
import { type RawModule } from './raw.ts';

/** What the checks of one module share. */
export interface CheckContext {
  readonly raw: RawModule;
  readonly names: CanonicalNames;
  /** The typespace with canonical names. */
  readonly typespace: Typespace;
  /** The references that types section gives names to. */
  readonly named: ReadonlySet<number>;
  readonly entities: EntityNames;
  readonly faults: Faults;
}

/** The one namespace that tables, indexes, constraints, sequences, schedules and views of a module share. */
export class EntityNames {
  readonly #taken = new Set<string>();
  readonly #faults: Faults;

  constructor(faults: Faults) {
    this.#faults = faults;
  }

  /** Takes the names of one entity, which may be equal to each other but to no other entity's. */
  claim(...names: readonly string[]): void {
    for (const name of new Set(names)) {
      if (this.#taken.has(name)) this.#faults.add(`name \`${name}\` is used for multiple entities`);
      this.#taken.add(name);
    }
  }
}

/** The product that a reference points to, or undefined. */
export function productAt(ref: number, typespace: Typespace): ProductType | undefined {
  const type: AlgebraicType | undefined = typespace[ref];
  return type?.kind === 'product' ? type : undefined;
}

/** The columns of a row type, under the names of the source and the canonical ones. */
export function columnsOf(rowType: number, owner: string, { raw, typespace, faults }: CheckContext): ColumnDef[] {
  const source = productAt(rowType, raw.typespace);
  const canonical = productAt(rowType, typespace);
  if (!source || !canonical) return [];
  const seen = new Set<string>();
  return canonical.elements.map(({ name, type }, position) => {
    const sourceName = source.elements[position]?.name;
    if (name === undefined || sourceName === undefined) {
      faults.add(`${owner} has an unnamed column at position ${position}`);
      return { name: '', sourceName: '', type };
    }
    faults.identifier(sourceName);
    if (sourceName !== name) faults.identifier(name);
    if (seen.has(name)) faults.add(`${owner} has more than one column \`${name}\``);
    seen.add(name);
    return { name, sourceName, type };
  });
}
