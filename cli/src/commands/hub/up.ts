// `agora up`: runs the hub until it is told to stop.

import { readFile, rm, writeFile } from 'node:fs/promises';
import type { TokenStore } from '@agora/client';
import { defaultTokenPath, defaultTokenStore } from '@agora/client/node';
import { z } from 'zod';
import { defineCommand } from '../../command/command.ts';
import { dataFolder } from '../../base/settings.ts';
import type { CommandContext } from '../../command/command-context.ts';
import { startHub, type Hub } from '../../hub.ts';
import { wholeNumber } from '../../base/flag-schemas.ts';

/** A hub that cannot close within this time is left behind: what was confirm is on disk already. */
const CLOSE_WITHIN_MS = 10_000;
const ANSWER_WITHIN_MS = 10_000;

const IssuedIdentity = z.object({ identity: z.string(), token: z.string() });
/** What the middle part of a token of this host says. */
const Claims = z.object({ hex_identity: z.string() });

export default defineCommand({
  input: z
    .object({
      port: wholeNumber(0, 65_535),
      host: z.string().min(1, 'an address of this machine'),
      dataDir: z.string().min(1, 'a folder').optional(),
      inMemory: z.boolean().default(false),
    })
    .refine(({ dataDir, inMemory }) => dataDir === undefined || !inMemory, {
      error: '--data-dir and --in-memory exclude each other; give one of them',
    }),
  async run(context, { port, host, dataDir, inMemory }) {
    const { output, io, settings, signal } = context;
    const { database } = settings;
    const folder = inMemory ? undefined : context.path(dataDir ?? dataFolder(io.environment));
    const log = (line: string) => void io.stderr.write(`${line}\n`);
    const stopped = aborted(signal);
    const hub = await startHub({ port, hostname: host, dataDir: folder, database, log });
    let forget: (() => Promise<void>) | undefined;
    try {
      const url = reachable(hub.url);
      const store = defaultTokenStore(url, database);
      const { identity, issued } = await letUserOperate(context, { ...hub, url }, store);
      if (inMemory && issued !== undefined) forget = () => forgetToken(defaultTokenPath(url, database), issued);
      const { pid } = process;
      await output.data({ url, database, dataDir: folder ?? null, identity, pid }, () =>
        greeting({ url, database, folder, isUsual: port === 3000 }),
      );
      await stopped;
      output.note('Stopping …');
    } finally {
      await closeInTime(hub);
      await forget?.();
    }
    output.note('Stopped.');
  },
});

interface OperatorIdentity {
  readonly identity: string;
  /** A new token that was kept. */
  readonly issued?: string | undefined;
}

/** Whoever runs the hub is an operator of it, under the identity that their other programs have. */
async function letUserOperate(context: CommandContext, hub: Hub, store: TokenStore): Promise<OperatorIdentity> {
  const given = context.settings.token;
  let token = given ?? (await store.load());
  while (token !== undefined && !(await isAccepted(hub.url, token))) {
    token = given === undefined ? await store.reject?.(token) : undefined;
  }
  const known = token === undefined ? undefined : identityIn(token);
  const allowed = known === undefined ? await newIdentity(hub.url) : { identity: known };
  if (given === undefined && allowed.issued !== undefined) await store.save(allowed.issued);
  const owner = await context.connect('agora-cli', { server: hub.url, token: hub.ownerToken });
  await owner.operator.grant(allowed.identity);
  await owner.close();
  return allowed;
}

/** The keys of the hub are gone, so that nobody will accept the token any more. */
async function forgetToken(path: string, token: string): Promise<void> {
  const left = (await readFile(path, 'utf8')).split('\n').filter(line => line !== token && line !== '');
  if (left.length === 0) await rm(path);
  else await writeFile(path, left.map(line => `${line}\n`).join(''), { mode: 0o600 });
}

async function newIdentity(url: string): Promise<OperatorIdentity> {
  const { identity, token } = IssuedIdentity.parse(await (await ask(url, 'v1/identity')).json());
  return { identity, issued: token };
}

async function isAccepted(url: string, token: string): Promise<boolean> {
  return (await ask(url, 'v1/identity/websocket-token', { authorization: `Bearer ${token}` })).ok;
}

function ask(url: string, path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(new URL(path, `${url}/`), { method: 'POST', headers, signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
}

/** Undefined for a token of another issuer, which the hub accepts but whose identity it computes. */
function identityIn(token: string): string | undefined {
  const [, middle = ''] = token.split('.');
  try {
    return Claims.parse(JSON.parse(Buffer.from(middle, 'base64url').toString('utf8'))).hex_identity;
  } catch {
    return undefined;
  }
}

/** An address that listens everywhere is none that can be called. */
function reachable(url: string): string {
  const parsed = new URL(url);
  if (parsed.hostname === '0.0.0.0') parsed.hostname = '127.0.0.1';
  if (parsed.hostname === '[::]') parsed.hostname = '[::1]';
  return parsed.origin;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise(resolve => signal.addEventListener('abort', () => resolve(), { once: true }));
}

async function closeInTime(hub: Hub): Promise<void> {
  const late = setTimeout(() => {
    console.error(`The hub did not close within ${CLOSE_WITHIN_MS / 1000} seconds.`);
    process.exit(1);
  }, CLOSE_WITHIN_MS);
  await hub.close();
  clearTimeout(late);
}

interface Greeting {
  readonly url: string;
  readonly database: string;
  readonly folder: string | undefined;
  readonly isUsual: boolean;
}

function greeting({ url, database, folder, isUsual }: Greeting): string {
  const server = isUsual ? '' : ` --server ${url}`;
  return `
Agora is running.

  hub       ${url}
  database  ${database}
  data      ${folder ?? 'in memory: gone when the hub stops'}

Next, in another terminal (from the repository: npm run agora -- …):
  agora listen --as Echo${server} -- cat
            a program of yours as an agent: here cat, which says what it hears
  agora ask Echo 'Is anybody there?'${server}
            asks it, and prints the answer
  npm run demo${isUsual ? '' : ` -- --server ${url}`}
            three agents write, review and score documents on this hub

Ctrl-C stops the hub.
`;
}
