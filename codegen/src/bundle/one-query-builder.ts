// Makes the query builder of views once. The server library of the SDK (2.10) makes one of all tables at each call of a view,
// about 24 µs with 40 tables, even if the view does not use it. The tables never change.

import type { Plugin } from 'rolldown';
import { SERVER_LIBRARY } from './server-library.ts';

const MAKE_QUERY_BUILDER = /\bmakeQueryBuilder\((\w+)\.schemaType\)/g;

/** Bundler plugin that caches the query builder; it leaves a library without the expected text unchanged. */
export const oneQueryBuilder: Plugin = {
  name: 'one-query-builder',
  transform: {
    filter: { id: SERVER_LIBRARY },
    handler: code => ({ code: code.replace(MAKE_QUERY_BUILDER, '($1.queryBuilderOnce ??= $&)'), map: null }),
  },
};
