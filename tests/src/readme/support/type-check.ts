// The compiler over the TypeScript of all pages, in one program.

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import type { PageSource } from './blocks.ts';
import { notebookOf, notebookProgram } from './page-run.ts';

const PACKAGES = fileURLToPath(new URL('../../../node_modules', import.meta.url));
const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

/** The errors of the compiler in all blocks of TypeScript, each with its page. */
export function typeErrors(pages: readonly { readonly path: string; readonly page: PageSource }[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'agora-types-'));
  try {
    symlinkSync(PACKAGES, join(folder, 'node_modules'));
    const files = pages.flatMap(({ path, page }) => sourcesOf(page).map(([name, code]) => [`${path}.d/${name}`, code]));
    for (const [name = '', code = ''] of files) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), code);
    }
    const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.base.json'), file => ts.sys.readFile(file)) as {
      config: { compilerOptions: object };
    };
    const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, folder);
    const typeRoots = [join(ROOT, 'node_modules/@types')];
    const program = ts.createProgram(
      files.map(([name = '']) => join(folder, name)),
      { ...options, typeRoots, noUnusedLocals: false, noUnusedParameters: false },
    );
    return ts
      .getPreEmitDiagnostics(program)
      .filter(({ file }) => file?.fileName.startsWith(folder))
      .map(({ file, start = 0, messageText }) => {
        const line = (file?.getLineAndCharacterOfPosition(start).line ?? 0) + 1;
        const text = ts.flattenDiagnosticMessageText(messageText, '\n');
        return `${relative(folder, file?.fileName ?? '')}:${line}: ${text}`;
      });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function sourcesOf(page: PageSource): [name: string, code: string][] {
  const named = page.items.flatMap((item): [string, string][] =>
    'block' in item && item.block.name?.endsWith('.ts') === true ? [[item.block.name, item.block.code]] : [],
  );
  const cells = notebookOf(page);
  return cells.length === 0 ? named : [...named, ['page.ts', notebookProgram(cells)]];
}
