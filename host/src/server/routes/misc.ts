// Routes that are about the host itself.

import { writeJson } from '../../sats/json-text.ts';
import type { World } from '../../world.ts';
import { EMPTY_ANSWER, jsonAnswer } from '../exchange.ts';
import type { Route } from '../router.ts';

/** The routes that tell whether the host is there, its version, and its time. */
export function miscRoutes(version: string, world: World): Route[] {
  return [
    { method: 'GET', pattern: '/v1/ping', asks: 'checked', handle: () => EMPTY_ANSWER },
    {
      method: 'GET',
      pattern: '/v1/health',
      asks: 'anyone',
      handle: () => jsonAnswer(writeJson({ package_name: '@agora/host', version, nodes: [], schedulable: true })),
    },
    {
      method: 'GET',
      pattern: '/v1/database/:db/unstable/timestamp',
      asks: 'known',
      handle: () => jsonAnswer(writeJson({ __timestamp_micros_since_unix_epoch__: world.now() })),
    },
  ];
}
