// Generated bindings with explicit types. The inferred types use private types of the SDK, so TypeScript cannot make declarations
// of the generated files; the explicit types are the same, written with public functions of the SDK.

import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandError } from '../command.ts';

/** Calls `use` with a temporary copy of the bindings from which TypeScript can make declarations. */
export async function withPortableBindings<T>(source: string, copy: string, use: () => Promise<T>): Promise<T> {
  try {
    await cp(source, copy, { recursive: true });
    const index = join(copy, 'index.ts');
    await writeFile(index, portable(await readFile(index, 'utf8')));
    return await use();
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

/** Returns `index.ts` with an explicit type at each constant. Throws `CommandError` if the text is not as generated. */
export function portable(text: string): string {
  const { tables } = find<'tables'>(text, /^const tablesSchema = __schema\((?<tables>\{[\s\S]*?\n\})\);$/m);
  const { calls } = find<'calls'>(text, /^const reducersSchema = __reducers\((?<calls>[\s\S]*?)\n\);$/m);
  const { version } = find<'version'>(text, /^ {4}cliVersion: (?<version>"[^"]*") as const,$/m);
  // Literals are valid types too; the columns of indexes are inferred as `readonly`.
  const types = tables.replace(
    / __table\(([\s\S]*?), (\w+)\),\n/g,
    (_all, options: string, row: string) =>
      ` ReturnType<typeof __table<RowOf<typeof ${row}>, ${options.replace(/(algorithm: '\w+', columns: )\[/g, '$1readonly [')}>>,\n`,
  );
  const reducers = calls.replace(
    /__reducerSchema\(("\w+"), (\w+)\)/g,
    'ReturnType<typeof __reducerSchema<$1, typeof $2>>',
  );
  const accessors = (of: string) => `ReturnType<typeof __convertToAccessorMap<typeof ${of}>>`;
  const typed = [
    ['const tablesSchema', `ReturnType<typeof __schema<${types}>>`],
    ['const reducersSchema', `ReturnType<typeof __reducers<readonly [${reducers}]>>`],
    [
      'const REMOTE_MODULE',
      `__RemoteModule<
  typeof tablesSchema.schemaType, typeof reducersSchema.reducersType, typeof proceduresSchema, ${version}
>`,
    ],
    ['export const reducers', accessors('reducersSchema.reducersType.reducers')],
    ['export const procedures', accessors('proceduresSchema.procedures')],
  ] as const;
  let result = `import type { RowBuilder as __RowBuilder } from 'spacetimedb';\n${text}
type RowOf<Builder> = Builder extends __RowBuilder<infer Row> ? Row : never;\n`;
  for (const [constant, type] of typed) {
    find(result, new RegExp(`^${constant} = (?<value>.)`, 'm'));
    result = result.replace(`\n${constant} = `, () => `\n${constant}: ${type} = `);
  }
  return result;
}

/** Returns the named groups of a pattern that must match. */
function find<Names extends string>(text: string, pattern: RegExp): Readonly<Record<Names, string>> {
  const groups = pattern.exec(text)?.groups;
  if (!groups) throw new CommandError(`The bindings are not as generated: no text matches ${pattern.source}`);
  return groups as Record<Names, string>; // every group takes part in the match
}
