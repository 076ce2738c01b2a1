// Adds the faster codecs of rows (`row-codecs.ts`) to the server library of a bundle.

import type { Plugin } from 'rolldown';
import { installRowCodecs } from './row-codecs.ts';
import { SERVER_LIBRARY } from './server-library.ts';

/** What the added text reads in the library. */
const NEEDED = ['ProductType', 'AlgebraicType', 'TimeDuration', 'Timestamp', 'Identity', 'ConnectionId', 'Uuid'];

const INSTALL = `
(${installRowCodecs.toString()})({
  ProductType,
  AlgebraicType,
  classes: {
    __proto__: null,
    __time_duration_micros__: TimeDuration,
    __timestamp_micros_since_unix_epoch__: Timestamp,
    __identity__: Identity,
    __connection_id__: ConnectionId,
    __uuid__: Uuid,
  },
});
`;

/** Bundler plugin; it leaves a library without the expected names unchanged. */
export const fastCodecs: Plugin = {
  name: 'fast-codecs',
  transform: {
    filter: { id: SERVER_LIBRARY },
    handler(code) {
      const isKnown = NEEDED.every(name => code.includes(`\nvar ${name} = `));
      return isKnown ? { code: code + INSTALL, map: null } : undefined;
    },
  },
};
