// `index.ts` of the bindings: the whole module as one schema, and the connection classes typed by it.

import { type CheckedModule } from '@agora/host/schema';
import { type Alias, aliasesOf, writeAliasedSchema, writeAliasHelpers } from './accessor-aliases.ts';
import { byName, CodeWriter } from './code-writer.ts';
import { CLI_VERSION, writeIndexHeader } from './headers.ts';
import {
  type BindingOptions,
  callableReducers,
  pascalName,
  procedureFile,
  reducerFile,
  type Relation,
  shownProcedures,
  shownTables,
  shownViews,
  tableFile,
} from './module-view.ts';
import { writeClasses, writeContexts, writeFunctionsExports, writeTablesExport } from './index-exports.ts';
import { writeFunctions, writeTables } from './index-schema.ts';
import { collectNamespaced, writeNamespaceImports } from './namespaces.ts';

/** Returns the code of `index.ts`. */
export function indexCode(root: CheckedModule, options: BindingOptions): string {
  const relations: Relation[] = [...shownTables(root, options), ...shownViews(root)];
  const namespaced = collectNamespaced(root);
  const aliases = aliasesOf(relations);
  const to = new CodeWriter();
  writeIndexHeader(to);
  writeRootImports(to, root, relations, options);
  writeNamespaceImports(to, namespaced);
  to.lines('', '/** Type-only namespace exports for generated type groups. */');
  writeTables(to, root, relations, namespaced);
  writeFunctions(to, root, options, namespaced);
  if (aliases.length > 0) writeAliasedSchema(to, aliases);
  writeRemoteModule(to, aliases);
  if (aliases.length > 0) writeAliasHelpers(to, aliases);
  writeTablesExport(to, relations, namespaced, aliases);
  writeFunctionsExports(to, root, options, namespaced);
  writeContexts(to, aliases);
  writeClasses(to, aliases);
  return to.lines('').text;
}

function writeRootImports(
  to: CodeWriter,
  root: CheckedModule,
  relations: readonly Relation[],
  options: BindingOptions,
): void {
  to.lines('', '// Import all reducer arg schemas');
  for (const reducer of callableReducers(root, options)) {
    to.lines(`import ${pascalName(reducer)}Reducer from "./${reducerFile(reducer)}";`);
  }
  to.lines('', '// Import all procedure arg schemas');
  for (const procedure of shownProcedures(root, options)) {
    to.lines(`import * as ${pascalName(procedure)}Procedure from "./${procedureFile(procedure)}";`);
  }
  to.lines('', '// Import all table schema definitions');
  for (const relation of [...relations].sort(byName(({ sourceName }) => sourceName))) {
    to.lines(`import ${pascalName(relation)}Row from "./${tableFile(relation)}";`);
  }
}

function writeRemoteModule(to: CodeWriter, aliases: readonly Alias[]): void {
  const schemaType = aliases.length > 0 ? '__SchemaWithTableAccessorAliases' : 'typeof tablesSchema.schemaType';
  const cast = aliases.length > 0 ? ` as ${schemaType}["tables"]` : '';
  to.lines('', '/** The remote SpacetimeDB module schema, both runtime and type information. */');
  to.block(
    'const REMOTE_MODULE = {',
    to => {
      to.block('versionInfo: {', to => to.lines(`cliVersion: "${CLI_VERSION}" as const,`), '},');
      to.lines(
        `tables: tablesSchema.schemaType.tables${cast},`,
        'reducers: reducersSchema.reducersType.reducers,',
        '...proceduresSchema,',
      );
    },
    '} satisfies __RemoteModule<',
  );
  to.lines(`  ${schemaType},`, '  typeof reducersSchema.reducersType,', '  typeof proceduresSchema', '>;');
}
