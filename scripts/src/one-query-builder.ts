// The server library of the SDK (2.10) makes a query builder out of every table at each call of a view, about 24 µs with the
// tables of Agora, whether the view looks at it or not. The tables never change: it is made once.

import type { Plugin } from 'rolldown';

const SERVER_LIBRARY = /[\\/]spacetimedb[\\/]dist[\\/]server[\\/]index\.mjs$/;
const MADE_ANEW = /\bmakeQueryBuilder\((\w+)\.schemaType\)/g;

/** Has a bundle make the query builder of its views once. A library that is written otherwise is left as it is. */
export const oneQueryBuilder: Plugin = {
  name: 'one-query-builder',
  transform: {
    filter: { id: SERVER_LIBRARY },
    handler: code => ({ code: code.replace(MADE_ANEW, '($1.queryBuilderOnce ??= $&)'), map: null }),
  },
};
