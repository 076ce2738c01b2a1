// The exports of a package with docstrings and signatures, read by the TypeScript compiler.

import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';
import { z } from 'zod';

/** One export of a package. */
export interface ExportedItem {
  readonly name: string;
  readonly kind: 'class' | 'function' | 'interface' | 'type' | 'constant';
  /** The docstring without its tags; empty if there is none. */
  readonly summary: string;
  /** Declaration as TypeScript text that parses by itself. */
  readonly signature: string;
  /** The texts of `@example`. */
  readonly examples: readonly string[];
  /** Where it is declared, from the root of the repository. */
  readonly file: string;
  readonly line: number;
  /** Public methods of a class. */
  readonly members: readonly { readonly name: string; readonly summary: string }[];
}

/** One entry of a package: the exports of `specifier` that no earlier entry has. */
export interface PackageEntry {
  readonly specifier: string;
  readonly file: string;
  readonly items: readonly ExportedItem[];
}

/** A package and all its exports, entry by entry. */
export interface PackageApi {
  readonly name: string;
  readonly description: string;
  readonly folder: string;
  readonly entries: readonly PackageEntry[];
}

const Manifest = z.object({
  name: z.string(),
  description: z.string().default(''),
  exports: z.record(z.string(), z.string()),
});

/** Longer declarations are cut; the page links to the source. */
const MAX_SIGNATURE_LINES = 40;

/** Reads the package in `folder` of the repository at `root`. */
export function readPackageApi(root: string, folder: string): PackageApi {
  const manifest = Manifest.parse(JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')));
  const sources = Object.entries(manifest.exports).map(([subpath, file]) => ({
    specifier: manifest.name + subpath.slice(1),
    file: join(root, folder, file),
  }));
  const program = ts.createProgram(
    sources.map(source => source.file),
    compilerOptions(join(root, folder)),
  );
  const listed = new Set<string>();
  const entries = sources.map(source => {
    const items = exportsOf(program, source.file, root).filter(item => !listed.has(item.name));
    for (const item of items) listed.add(item.name);
    return { specifier: source.specifier, file: relative(root, source.file), items };
  });
  return { name: manifest.name, description: manifest.description, folder, entries };
}

function compilerOptions(packageFolder: string): ts.CompilerOptions {
  const file = join(packageFolder, 'tsconfig.json');
  const parsed = ts.getParsedCommandLineOfConfigFile(file, {}, { ...ts.sys, onUnRecoverableConfigFileDiagnostic() {} });
  return { ...parsed?.options, noEmit: true, skipLibCheck: true };
}

function exportsOf(program: ts.Program, file: string, root: string): ExportedItem[] {
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(file);
  const module = source && checker.getSymbolAtLocation(source);
  if (!module) throw new Error(`${file} is not a module`);
  return checker
    .getExportsOfModule(module)
    .map(symbol => describe(checker, symbol, root))
    .filter(item => item !== undefined)
    .sort((a, b) => a.name.localeCompare(b.name));
}

function describe(checker: ts.TypeChecker, exported: ts.Symbol, root: string): ExportedItem | undefined {
  const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
  const declaration = symbol.declarations?.[0];
  if (!declaration) return undefined;
  const source = declaration.getSourceFile();
  return {
    name: exported.name,
    kind: kindOf(symbol),
    summary: summaryOf(checker, symbol),
    signature: shorten(signatureOf(checker, symbol, declaration, exported.name)),
    examples: symbol
      .getJsDocTags(checker)
      .filter(tag => tag.name === 'example')
      .map(tag => ts.displayPartsToString(tag.text).trim()),
    file: relative(root, source.fileName),
    line: source.getLineAndCharacterOfPosition(declaration.getStart()).line + 1,
    members: methodsOf(checker, symbol),
  };
}

function kindOf(symbol: ts.Symbol): ExportedItem['kind'] {
  if (symbol.flags & ts.SymbolFlags.Class) return 'class';
  if (symbol.flags & ts.SymbolFlags.Function) return 'function';
  if (symbol.flags & ts.SymbolFlags.Interface) return 'interface';
  return symbol.flags & ts.SymbolFlags.TypeAlias ? 'type' : 'constant';
}

function summaryOf(checker: ts.TypeChecker, symbol: ts.Symbol): string {
  return ts.displayPartsToString(symbol.getDocumentationComment(checker)).trim();
}

function signatureOf(checker: ts.TypeChecker, symbol: ts.Symbol, declaration: ts.Declaration, name: string): string {
  const format = ts.TypeFormatFlags.NoTruncation;
  const type = () => checker.getTypeOfSymbol(symbol);
  switch (kindOf(symbol)) {
    case 'interface':
    case 'type':
      return declaration.getText();
    case 'function':
      return type()
        .getCallSignatures()
        .map(call => `declare function ${name}${checker.signatureToString(call, declaration, format)};`)
        .join('\n');
    case 'class': {
      const methods = publicMethods(checker, symbol).flatMap(method =>
        checker
          .getTypeOfSymbol(method)
          .getCallSignatures()
          .map(call => `  ${method.name}${checker.signatureToString(call, declaration, format)};`),
      );
      return [`declare class ${name} {`, ...methods, '}'].join('\n');
    }
    case 'constant':
      return ts.isVariableDeclaration(declaration)
        ? `const ${declaration.getText()};`
        : `declare const ${name}: ${checker.typeToString(type(), declaration, format)};`;
  }
}

function publicMethods(checker: ts.TypeChecker, symbol: ts.Symbol): ts.Symbol[] {
  return checker
    .getPropertiesOfType(checker.getDeclaredTypeOfSymbol(symbol))
    .filter(property => property.flags & ts.SymbolFlags.Method && /^[A-Za-z]/.test(property.name))
    .filter(property =>
      (property.declarations ?? []).every(
        declaration => !(ts.getCombinedModifierFlags(declaration) & ts.ModifierFlags.NonPublicAccessibilityModifier),
      ),
    );
}

function methodsOf(checker: ts.TypeChecker, symbol: ts.Symbol): ExportedItem['members'] {
  if (!(symbol.flags & ts.SymbolFlags.Class)) return [];
  return publicMethods(checker, symbol).map(method => ({ name: method.name, summary: summaryOf(checker, method) }));
}

function shorten(signature: string): string {
  const lines = signature.split('\n');
  if (lines.length <= MAX_SIGNATURE_LINES) return signature;
  const rest = lines.length - MAX_SIGNATURE_LINES;
  return `/* The first ${MAX_SIGNATURE_LINES} lines; ${rest} more are in the source.\n${lines.slice(0, MAX_SIGNATURE_LINES).join('\n').replaceAll('*/', '* /')}\n*/`;
}
