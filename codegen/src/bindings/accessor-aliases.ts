// Deprecated aliases of tables whose source name is not camelCase: clients may still use the old spelling.

import { type CodeWriter } from './code-writer.ts';
import { camelName, type Relation } from './module-view.ts';

/** An old spelling of a table, and the spelling that replaces it. */
export interface Alias {
  /** The spelling of the source, in quotes. */
  readonly deprecated: string;
  readonly accessor: string;
}

/** Returns the spellings that differ from the key of their table, unless another table has that key. */
export function aliasesOf(relations: readonly Relation[]): Alias[] {
  const keys = new Set(relations.map(camelName));
  return relations
    .filter(({ sourceName }) => !keys.has(sourceName))
    .map(relation => ({ deprecated: JSON.stringify(relation.sourceName), accessor: camelName(relation) }));
}

/** Writes the type of the schema with its aliases. */
export function writeAliasedSchema(to: CodeWriter, aliases: readonly Alias[]): void {
  to.lines('').block(
    'type __SchemaWithTableAccessorAliases = Omit<typeof tablesSchema.schemaType, "tables"> & {',
    to =>
      to.block(
        'tables: typeof tablesSchema.schemaType.tables & {',
        to =>
          writeProperties(
            to,
            aliases,
            ({ deprecated, accessor }) =>
              `Omit<typeof tablesSchema.schemaType.tables["${accessor}"], "accessorName"> & { readonly accessorName: ${deprecated} }`,
          ),
        '};',
      ),
    '};',
  );
}

/** Writes the map of aliases, the function that adds them as getters, and the types of its results. */
export function writeAliasHelpers(to: CodeWriter, aliases: readonly Alias[]): void {
  to.lines('').block(
    'const tableAccessorAliases = {',
    to => to.lines(...aliases.map(({ deprecated, accessor }) => `${deprecated}: "${accessor}",`)),
    '} as const;',
  );
  to.lines('').block(
    'function __withTableAccessorAliases<T extends object>(target: T, freeze = false): T {',
    writeHelperBody,
    '}',
  );
  to.lines('', 'type __DbViewBase = __DbConnectionImpl<typeof REMOTE_MODULE>["db"];');
  writeAliased(to, 'DbView', '__DbViewBase', aliases);
  to.lines('', 'type __TablesBase = __QueryBuilder<typeof tablesSchema.schemaType>;');
  writeAliased(to, 'Tables', '__TablesBase', aliases);
}

function writeHelperBody(to: CodeWriter): void {
  to.lines(
    'const out = Object.create(Object.getPrototypeOf(target)) as T & Record<string, unknown>;',
    'Object.defineProperties(out, Object.getOwnPropertyDescriptors(target));',
  );
  to.block(
    'for (const [deprecatedAccessor, targetAccessor] of Object.entries(tableAccessorAliases)) {',
    to => {
      to.block('if (deprecatedAccessor in out) {', to => to.lines('continue;'), '}');
      to.block(
        'Object.defineProperty(out, deprecatedAccessor, {',
        to => to.lines('enumerable: true,', 'configurable: false,', 'get: () => out[targetAccessor],'),
        '});',
      );
    },
    '}',
  );
  to.lines('return freeze ? Object.freeze(out) : out;');
}

function writeAliased(to: CodeWriter, name: string, base: string, aliases: readonly Alias[]): void {
  to.block(
    `export type ${name} = ${base} & {`,
    to => writeProperties(to, aliases, ({ accessor }) => `${base}["${accessor}"]`),
    '};',
  );
}

function writeProperties(to: CodeWriter, aliases: readonly Alias[], typeOf: (alias: Alias) => string): void {
  for (const alias of aliases) {
    to.lines(
      `/** @deprecated Use \`${alias.accessor}\` instead. This alias will be removed in the next major version. */`,
      `readonly ${alias.deprecated}: ${typeOf(alias)};`,
    );
  }
}
