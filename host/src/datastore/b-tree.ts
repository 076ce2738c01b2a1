// The sorted tree we use. The library is CommonJS with a `default` of its own, which bundlers and test runners unpack and
// Node.js does not.

import library from 'sorted-btree';

/** The class `BTree` of `sorted-btree`, however it was imported. */
export const BTree: typeof library = 'default' in library ? (library.default as typeof library) : library;

/** A tree of values by string. */
export type StringTree<V> = library<string, V>;
