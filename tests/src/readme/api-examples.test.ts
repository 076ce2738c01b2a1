// Every `@example` of the client's doc comments compiles. Each block is a separate program, with these names declared:
// `client`, `workflow` and the exports of `@agora/client`.

import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as client from '@agora/client';
import ts from 'typescript';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const SOURCES = join(ROOT, 'client/src');

/** A block of code in a doc comment. */
interface Example {
  /** Path and line of its comment. */
  readonly where: string;
  readonly language: 'ts' | 'tsx';
  readonly code: string;
}

function examplesIn(path: string): Example[] {
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
  const examples: Example[] = [];
  const visit = (node: ts.Node): void => {
    for (const tag of ts.getJSDocTags(node)) {
      // A tag belongs to its own declaration only.
      if (tag.tagName.text !== 'example' || tag.parent.parent !== node) continue;
      const line = source.getLineAndCharacterOfPosition(tag.pos).line + 1;
      const where = `${path.slice(ROOT.length)}:${line}`;
      const [, language, code] = /```(tsx?)\n([\s\S]*?)```/.exec(ts.getTextOfJSDocComment(tag.comment) ?? '') ?? [];
      if (code === undefined || (language !== 'ts' && language !== 'tsx')) throw new Error(`${where} has no code`);
      examples.push({ where, language, code });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return examples;
}

/** The example as a module: its imports, the common names, and the rest in a function. */
function moduleOf({ code }: Example): string {
  const lines = code.split('\n');
  const isImport = (line: string) => line.startsWith('import ');
  return [
    `import { ${Object.keys(client).sort().join(', ')} } from '@agora/client';`,
    "import type { WorkflowHandle } from '@agora/client';",
    "import * as z from 'zod';",
    ...lines.filter(isImport),
    'declare const client: AgoraClient;',
    'declare const workflow: WorkflowHandle;',
    'export async function example() {',
    ...lines.filter(line => !isImport(line)),
    '}',
  ].join('\n');
}

/** Compiles modules that exist only in memory; returns their errors. */
function errorsOf(examples: readonly Example[]): string[] {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.base.json'), path => readFileSync(path, 'utf8')) as {
    config: { readonly compilerOptions: object };
  };
  const { options } = ts.convertCompilerOptionsFromJson(
    { ...config.compilerOptions, jsx: 'react-jsx', noUnusedLocals: false, noUnusedParameters: false },
    ROOT,
  );
  // Beside the sources, so that the imports of a program of the package resolve.
  const modules = new Map(
    examples.map((example, at) => [join(SOURCES, `example-${at}.${example.language}`), moduleOf(example)]),
  );
  const disk = ts.createCompilerHost(options);
  const host: ts.CompilerHost = {
    ...disk,
    readFile: path => modules.get(path) ?? disk.readFile(path),
    fileExists: path => modules.has(path) || disk.fileExists(path),
    getSourceFile: (path, language, ...rest) => {
      const text = modules.get(path);
      return text === undefined
        ? disk.getSourceFile(path, language, ...rest)
        : ts.createSourceFile(path, text, language, true);
    },
  };
  const paths = [...modules.keys()];
  const program = ts.createProgram(paths, options, host);
  return ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
    const where = examples[paths.indexOf(file?.fileName ?? '')]?.where ?? file?.fileName ?? dirname(SOURCES);
    return `${where}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
  });
}

const examples = globSync('**/*.ts', { cwd: SOURCES })
  .filter(path => !path.endsWith('.test.ts'))
  .sort()
  .flatMap(path => examplesIn(join(SOURCES, path)));

/** Compiled with the others, so that it shows that errors are found. */
const wrong: Example = {
  where: 'wrong:1',
  language: 'ts',
  code: "await client.sendMessage({ to: 1, messageType: 'a' });",
};

test(
  'every example of the public API compiles, and one that does not is reported with its place',
  {
    timeout: 120_000,
  },
  () => {
    expect(examples.length).toBeGreaterThanOrEqual(30);
    expect(errorsOf([...examples, wrong])).toEqual([expect.stringMatching(/^wrong:1: /)]);
  },
);
