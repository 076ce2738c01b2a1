// `POST /host/backup`: copies the data folder of the running host, for its local owner only. SpacetimeDB has no paths below
// `/host`.

import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { writeJson } from '../../sats/json-text.ts';
import type { Backup } from '../../storage/folder-copy.ts';
import { jsonResponse, HttpError } from '../exchange.ts';
import type { HttpRoute } from '../router.ts';

const Body = z.object({
  /** The folder to create, on the machine of the host. */
  to: z.string().refine(isAbsolute, 'an absolute path was expected'),
});

/** The route that makes a backup. `owner` is the identity of the local owner. */
export function backupRoutes(backup: (to: string) => Promise<Backup>, owner: bigint): HttpRoute[] {
  return [
    {
      method: 'POST',
      pattern: '/host/backup',
      asks: 'token',
      async handle(exchange) {
        if (exchange.credentials.identity !== owner) {
          throw new HttpError(403, 'only the owner of this host backs it up: its token is in keys/owner-token');
        }
        const { folder, databases, bytes } = await backup(readTarget(await exchange.body()));
        return jsonResponse(writeJson({ folder, databases, bytes }));
      },
    },
  ];
}

function readTarget(body: Uint8Array): string {
  try {
    return Body.parse(JSON.parse(new TextDecoder().decode(body))).to;
  } catch (cause) {
    const why = cause instanceof z.ZodError ? z.prettifyError(cause) : 'it is not JSON';
    throw new HttpError(400, `{ "to": FOLDER } was expected: ${why}`, { cause });
  }
}
