// The host as a program: serves whatever is published to it, until it is told to stop. Anybody who reaches it may publish,
// or with `--owner-only` only who has the token in the data folder.

import { parseArgs } from 'node:util';
import { HostError } from './errors.ts';
import { startHost, type Host } from './host.ts';

const USAGE = 'usage: node host/src/main.ts [--port N] [--hostname NAME] [--data-dir DIR | --in-memory] [--owner-only]';
const DEFAULT_PORT = 3000;
const DEFAULT_DATA_DIR = 'data';

await main();

async function main(): Promise<void> {
  try {
    const host = await start();
    console.log(`listening on ${host.url}`);
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => void host.close().then(() => process.exit(0)));
    }
  } catch (error) {
    if (!(error instanceof HostError) && !(error instanceof UsageError)) throw error;
    console.error(error.message);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}

class UsageError extends Error {}

async function start(): Promise<Host> {
  const { port, hostname, 'data-dir': dataDir, 'in-memory': isInMemory, 'owner-only': isOwnerOnly } = readFlags();
  if (port !== undefined && !/^\d{1,5}$/.test(port)) throw new UsageError(`--port takes a number, not "${port}"`);
  return startHost({
    port: port === undefined ? DEFAULT_PORT : Number(port),
    ...(hostname === undefined ? {} : { hostname }),
    ...(isInMemory === true ? {} : { dataDir: dataDir ?? DEFAULT_DATA_DIR }),
    publishers: isOwnerOnly === true ? 'local-owner' : 'anybody',
    log: message => console.error(message),
  });
}

function readFlags() {
  try {
    const options = {
      port: { type: 'string' },
      hostname: { type: 'string' },
      'data-dir': { type: 'string' },
      'in-memory': { type: 'boolean' },
      'owner-only': { type: 'boolean' },
    } as const;
    return parseArgs({ options }).values;
  } catch (cause) {
    throw new UsageError(`${String(cause instanceof Error ? cause.message : cause)}\n${USAGE}`, { cause });
  }
}
