// Shared state of the checks of one module: its raw description, canonical names and types, and the collected faults.

import { type AlgebraicType, type ProductType, type Typespace } from '../sats/type.ts';
import { type ColumnDef } from './definition.ts';
import { type Faults } from './faults.ts';
import { type CanonicalNames } from './names.ts';
import { type RawModule } from './raw.ts';

/** Shared state of the checks of one module. */
export interface CheckContext {
  readonly raw: RawModule;
  readonly names: CanonicalNames;
  /** The typespace with canonical names. */
  readonly typespace: Typespace;
  /** The references that the types section names. */
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

  /** Claims the names of one entity; they may equal each other but no other entity's. */
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

/** The columns of a row type, with source and canonical names. */
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
