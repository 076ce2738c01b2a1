// The sorted tree of `sorted-btree`. The library is CommonJS with its own `default`, which bundlers and test runners unpack
// and Node.js does not.

import library from 'sorted-btree';

/** The class `BTree` of `sorted-btree` under either kind of import. */
export const BTree: typeof library = 'default' in library ? (library.default as typeof library) : library;

/** A tree of values by string. */
export type StringTree<V> = library<string, V>;
