// Canonical names: from the names in a module's source to those that clients and SQL use. Defined by
// clockworklabs/SpacetimeDB: crates/schema/src/def/validate/v10.rs, `CaseConversionPolicy`.

import { type CasePolicy, type RawExplicitName } from './raw.ts';
import { toCase } from './words.ts';

/** Canonical names of each kind, by the policy and the explicit names of one module. */
export class CanonicalNames {
  readonly #policy: CasePolicy;
  readonly #explicit = new Map<string, string>();

  constructor(policy: CasePolicy, explicit: readonly RawExplicitName[]) {
    this.#policy = policy;
    for (const { kind, sourceName, canonicalName } of explicit)
      this.#explicit.set(`${kind} ${sourceName}`, canonicalName);
  }

  table(sourceName: string): string {
    return this.#explicit.get(`table ${sourceName}`) ?? this.#convert(sourceName, 'snake');
  }

  /** A reducer, procedure, view or handler. */
  function(sourceName: string): string {
    return this.#explicit.get(`function ${sourceName}`) ?? this.#convert(sourceName, 'snake');
  }

  /** A field of any product: a column, or a field inside one. */
  field(sourceName: string): string {
    return this.#convert(sourceName, 'snake');
  }

  variant(sourceName: string): string {
    return this.#convert(sourceName, 'camel');
  }

  /** One segment of a type's name. */
  type(sourceName: string): string {
    return this.#convert(sourceName, 'pascal');
  }

  /** The name of an index: explicit, or built from its table and columns. */
  index(sourceName: string | undefined, table: string, columns: readonly string[], algorithm: string): string {
    const explicit = sourceName === undefined ? undefined : this.#explicit.get(`index ${sourceName}`);
    return explicit ?? `${table}_${columns.join('_')}_idx_${algorithm}`;
  }

  #convert(name: string, to: 'snake' | 'camel' | 'pascal'): string {
    return this.#policy === 'none' ? name : toCase(name, to);
  }
}

/** Why a text is not a valid name; undefined if it is one. */
export function identifierFault(name: string): string | undefined {
  if (name === '') return 'a name is empty';
  if (name.normalize('NFC') !== name) return `name \`${name}\` is not in Unicode normalization form C`;
  if (!/^[_\p{XID_Start}]/u.test(name)) return `name \`${name}\` does not start with a letter or an underscore`;
  if (!/^.\p{XID_Continue}*$/u.test(name))
    return `name \`${name}\` has characters that are neither letters, digits nor underscores`;
  return undefined;
}
