// `GET /:db/logs`: the log of a module, for its owner only.

import type { ModuleLog } from '../../database/module-log.ts';
import type { Databases } from '../databases.ts';
import { badQuery, flag, param, type Exchange } from '../exchange.ts';
import type { HttpRoute } from '../router.ts';

/** A follower with more unsent lines than this is disconnected. */
const MAX_WAITING_LINES = 10_000;

/** The route that returns the log of a module, and optionally follows it. */
export function logRoutes(databases: Databases): HttpRoute[] {
  return [
    {
      method: 'GET',
      pattern: '/v1/database/:db/logs',
      asks: 'known',
      handle(exchange) {
        const count = readCount(exchange);
        const isFollowing = flag(exchange, 'follow', false);
        const { identity, database } = databases.open(param(exchange, 'db'));
        databases.authorize(identity, exchange.credentials.identity, 'view module logs');
        const lines = database.log.lines(count);
        const kept = lines.map(line => `${line}\n`).join('');
        return {
          status: 200,
          headers: { 'content-type': 'application/x-ndjson', 'cache-control': 'no-cache' },
          body: isFollowing ? follow(kept, database.log, exchange.disconnected) : kept,
        };
      },
    },
  ];
}

function readCount({ query }: Exchange): number | undefined {
  const given = query.get('num_lines');
  if (given === null) return undefined;
  if (!/^\d{1,9}$/.test(given)) throw badQuery(`num_lines: \`${given}\` is not a number`);
  return Number(given);
}

async function* follow(kept: string, log: ModuleLog, disconnected: AbortSignal): AsyncGenerator<string> {
  let waiting: string[] = [];
  let hasEnded = false;
  let wake: () => void = () => undefined;
  const stop = log.follow(line => {
    if (line === undefined) hasEnded = true;
    else waiting.push(`${line}\n`);
    wake();
  });
  disconnected.addEventListener('abort', () => wake(), { once: true });
  try {
    if (kept !== '') yield kept;
    while (!disconnected.aborted && waiting.length < MAX_WAITING_LINES) {
      if (waiting.length === 0) {
        // Set by the listener above, which the compiler does not see.
        if (hasEnded as boolean) return;
        await new Promise<void>(resolve => (wake = resolve));
        continue;
      }
      const lines = waiting.join('');
      waiting = [];
      yield lines;
    }
  } finally {
    stop();
  }
}
