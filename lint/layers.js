// Import order inside a package, held by ESLint: a folder imports only folders of lower layers.
// The rule compares resolved paths, so it also holds in nested folders.

/**
 * Makes the ESLint configurations that hold the import order of one package.
 *
 * A layer is one folder or file, or several that do not import each other. Paths are relative to `root`.
 *
 * @param {object} order
 * @param {string} order.root The folder that all paths start from, relative to the repository: `module/src`.
 * @param {ReadonlyArray<ReadonlyArray<string>>} order.layers From the lowest to the highest layer.
 * @param {ReadonlyArray<string>} [order.open] Files and folders that every layer may import.
 * @param {ReadonlyArray<{ from: string, to: string, reason: string }>} [order.exceptions]
 *   Imports against the order: `from` imports `to` nevertheless, because of `reason`.
 * @param {ReadonlyArray<string>} [order.ignores] Files that the order does not bind, beside tests and their support.
 */
export function layers({ root, layers: order, open = [], exceptions = [], ignores = [] }) {
  const zones = order.flatMap((layer, at) =>
    layer.map(entry => ({
      target: `./${root}/${entry}`,
      from: `./${root}`,
      except: [
        entry,
        ...open,
        ...order.slice(0, at).flat(),
        ...exceptions.filter(({ from }) => from === entry || from.startsWith(`${entry}/`)).map(({ to }) => to),
      ].map(path => `./${path}`),
      message: `${entry} imports only lower layers: ${order.map(names => names.join(', ')).join(' ◀ ')}.`,
    })),
  );
  return [
    {
      files: [`${root}/**/*.ts`, `${root}/**/*.tsx`],
      ignores: ['**/*.test.ts', '**/*.test.tsx', '**/*.suite.ts', '**/testing/**', ...ignores],
      rules: { 'import-x/no-restricted-paths': ['error', { basePath: import.meta.dirname + '/..', zones }] },
    },
  ];
}
