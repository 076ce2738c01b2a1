#!/usr/bin/env node
// The host as a program: serves published modules until a signal stops it. The holder of the token in the data folder may
// publish, or with `--allow-publish` other callers too.

import { parseArgs } from 'node:util';
import { HostError } from './errors.ts';
import { startHost, type Host } from './host.ts';
import { DEFAULT_HOST_LIMITS } from './server/host-limits.ts';
import { ALLOW_PUBLISH, type AllowPublish } from './server/publishers.ts';
import { parseOrigin } from './server/web-access.ts';

const USAGE = `usage: agora-host [--port N] [--hostname NAME] [--data-dir DIR | --in-memory]
  [--allow-publish owner|local|anyone]     who may publish modules, which run as code in this process (owner)
  [--allow-origin URL]...                  origins whose web pages may use the host, besides its own; * for all
  [--issuer URL]... [--audience NAME]...   OpenID Connect providers whose users may connect (or HOST_ISSUERS and
                                           HOST_AUDIENCES, separated by commas)
  [--call-ms N]                            how long a call of a module may run (${DEFAULT_HOST_LIMITS.callMs}); 0 for no limit
  [--log text|json]                        format of the log on standard error`;
const DEFAULT_PORT = 3000;
const DEFAULT_DATA_DIR = 'data';

type Log = (level: 'info' | 'warn' | 'error', message: string) => void;

class UsageError extends Error {}

let isStopping = false;

await main();

async function main(): Promise<void> {
  try {
    const flags = readFlags();
    const log = createLog(flags.log);
    const host = await start(flags, log);
    console.log(`listening on ${host.url}`);
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop(host, log, signal));
  } catch (error) {
    if (!(error instanceof HostError) && !(error instanceof UsageError)) throw error;
    console.error(error.message);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}

/** Stops gracefully, or immediately at a second signal or after a timeout. */
async function stop(host: Host, log: Log, signal: string): Promise<void> {
  if (isStopping) process.exit(1);
  isStopping = true;
  log('info', `stopping, because of ${signal}`);
  setTimeout(() => {
    log('error', 'stopping took too long');
    process.exit(1);
  }, 2 * DEFAULT_HOST_LIMITS.closeTimeoutMs).unref();
  await host.close();
  log('info', 'stopped');
  process.exit(0);
}

type Flags = ReturnType<typeof readFlags>;

async function start(flags: Flags, log: Log): Promise<Host> {
  const { hostname, 'data-dir': dataDir, 'in-memory': isInMemory } = flags;
  const port = readNumber('--port', flags.port);
  const callMs = readNumber('--call-ms', flags['call-ms']);
  const issuers = flags.issuer ?? listOf(process.env['HOST_ISSUERS']);
  const audience = flags.audience ?? listOf(process.env['HOST_AUDIENCES']);
  return startHost({
    port: port ?? DEFAULT_PORT,
    ...(hostname === undefined ? {} : { hostname }),
    ...(isInMemory === true ? {} : { dataDir: dataDir ?? DEFAULT_DATA_DIR }),
    allowPublish: readAllowPublish(flags['allow-publish'] ?? 'owner'),
    allowOrigins: (flags['allow-origin'] ?? []).map(readOrigin),
    issuers: issuers.map(issuer => ({ issuer, ...(audience.length > 0 && { audience }) })),
    limits: callMs === undefined ? {} : { callMs: callMs === 0 ? Infinity : callMs },
    log: message => log('warn', message),
  });
}

function readNumber(flag: string, text: string | undefined): number | undefined {
  if (text !== undefined && !/^\d{1,9}$/.test(text)) throw new UsageError(`${flag} takes a number, not "${text}"`);
  return text === undefined ? undefined : Number(text);
}

function readAllowPublish(text: string): AllowPublish {
  const allowed = ALLOW_PUBLISH.find(each => each === text);
  if (allowed === undefined) throw new UsageError(`--allow-publish takes ${ALLOW_PUBLISH.join(', ')}, not "${text}"`);
  return allowed;
}

function readOrigin(text: string): string {
  const origin = parseOrigin(text);
  if (origin === undefined)
    throw new UsageError(`--allow-origin takes an origin such as https://app.example, or *, not "${text}"`);
  return origin;
}

function listOf(text: string | undefined): string[] {
  return (text ?? '').split(',').filter(part => part !== '');
}

function createLog(style: string | undefined): Log {
  if (style === 'json') {
    return (level, message) => console.error(JSON.stringify({ time: new Date().toISOString(), level, message }));
  }
  if (style !== undefined && style !== 'text') throw new UsageError(`--log takes text or json, not "${style}"`);
  return (_level, message) => console.error(message);
}

function readFlags() {
  try {
    const options = {
      port: { type: 'string' },
      hostname: { type: 'string' },
      'data-dir': { type: 'string' },
      'in-memory': { type: 'boolean' },
      'allow-publish': { type: 'string' },
      'allow-origin': { type: 'string', multiple: true },
      issuer: { type: 'string', multiple: true },
      audience: { type: 'string', multiple: true },
      'call-ms': { type: 'string' },
      log: { type: 'string' },
    } as const;
    return parseArgs({ options }).values;
  } catch (cause) {
    throw new UsageError(`${String(cause instanceof Error ? cause.message : cause)}\n${USAGE}`, { cause });
  }
}
