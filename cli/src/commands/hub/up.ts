// `agora up`: runs a hub until Ctrl-C.

import { once } from 'node:events';
import { readFile, rm, writeFile } from 'node:fs/promises';
import type { AgoraClient, TokenStore } from '@agora/client';
import { defaultTokenPath, defaultTokenStore } from '@agora/client/node';
import { createDashboardRoute } from '@agora/dashboard';
import { isLoopbackName, parseOrigin } from '@agora/host';
import { createMcpRoute } from '@agora/mcp/http';
import { z } from 'zod';
import { CliError, EXIT } from '../../base/cli-error.ts';
import { oneOf, wholeNumber } from '../../base/flag-schemas.ts';
import { dataFolder } from '../../base/settings.ts';
import type { CommandContext } from '../../command/command-context.ts';
import { defineCommand } from '../../command/command.ts';
import { startHub, type Hub } from './start-hub.ts';

/** After this time the process ends without closing the hub; confirmed commits are already on disk. */
const CLOSE_WITHIN_MS = 10_000;
const ANSWER_WITHIN_MS = 10_000;

const IdentityResponse = z.object({ identity: z.string(), token: z.string() });
/** The payload of a token that this host has issued. */
const TokenPayload = z.object({ hex_identity: z.string() });

const origin = z
  .string()
  .refine(text => parseOrigin(text) !== undefined, 'an origin such as https://app.example, or *');

export default defineCommand({
  input: z
    .object({
      port: wholeNumber(0, 65_535),
      host: z.string().min(1, 'an address of this machine'),
      dataDir: z.string().min(1, 'a folder').optional(),
      inMemory: z.boolean().default(false),
      open: z.boolean().default(false),
      closed: z.boolean().default(false),
      allowPublish: oneOf(['local', 'anyone']).optional(),
      allowOrigin: z.array(origin).default([]),
      isolate: z.boolean().default(false),
      mcp: z.boolean().default(true),
      dashboard: z.boolean().default(true),
    })
    .refine(({ dataDir, inMemory }) => dataDir === undefined || !inMemory, {
      error: '--data-dir and --in-memory exclude each other; give one of them',
    })
    .refine(({ open, closed }) => !open || !closed, {
      error: '--open and --closed exclude each other; give one of them',
    }),
  async run(context, { port, host, dataDir, inMemory, open, closed, allowPublish, allowOrigin, isolate, ...faces }) {
    const { output, io, settings, signal } = context;
    const { database } = settings;
    const folder = inMemory ? undefined : context.path(dataDir ?? dataFolder(io.environment));
    const log = (line: string) => void io.stderr.write(`${line}\n`);
    const stopped = signal.aborted ? undefined : once(signal, 'abort');
    const place = { dataDir: folder, database, log };
    if (!open && !isLoopbackName(host)) await checkClosed(context, { ...place, hostname: host, isClosing: closed });
    const hub = await startHub({
      ...place,
      port,
      hostname: host,
      allowPublish,
      allowOrigins: allowOrigin,
      isolate,
      routes: ({ url }) => [
        ...(faces.mcp ? [createMcpRoute({ server: reachable(url), database })] : []),
        ...(faces.dashboard ? [createDashboardRoute({ database })] : []),
      ],
    });
    let removeToken: (() => Promise<void>) | undefined;
    try {
      const url = reachable(hub.url);
      const store = defaultTokenStore(url, database);
      if (closed) await withOwner(context, { ...hub, url }, owner => owner.operator.setAdmission('closed'));
      const { identity, issued } = await grantOperator(context, { ...hub, url }, store);
      if (inMemory && issued !== undefined)
        removeToken = () => removeTokenFrom(defaultTokenPath(url, database), issued);
      const { pid } = process;
      await output.data({ url, database, dataDir: folder ?? null, identity, pid }, () =>
        greeting({ url, database, folder, isDefaultPort: port === 3000, hasDashboard: faces.dashboard }),
      );
      await stopped;
      output.note('Stopping …');
    } finally {
      await closeInTime(hub);
      await removeToken?.();
    }
    output.note('Stopped.');
  },
});

interface OperatorIdentity {
  readonly identity: string;
  /** A new token that was stored. */
  readonly issued?: string | undefined;
}

/** Makes the user an operator, under the identity of the user's other programs. */
async function grantOperator(context: CommandContext, hub: Hub, store: TokenStore): Promise<OperatorIdentity> {
  const given = context.settings.token;
  let token = given ?? (await store.load());
  while (token !== undefined && !(await isAccepted(hub.url, token))) {
    token = given === undefined ? await store.reject?.(token) : undefined;
  }
  const known = token === undefined ? undefined : identityIn(token);
  const operator = known === undefined ? await newIdentity(hub.url) : { identity: known };
  if (given === undefined && operator.issued !== undefined) await store.save(operator.issued);
  await withOwner(context, hub, owner => owner.operator.grant(operator.identity));
  return operator;
}

interface NextStart {
  readonly dataDir: string | undefined;
  readonly database: string;
  readonly log: (line: string) => void;
  /** The address that other machines can reach. */
  readonly hostname: string;
  /** Closes the hub, in place of a refusal. */
  readonly isClosing: boolean;
}

/**
 * Refuses to serve an open hub to other machines. The hub is checked on an address of this machine only, before any other
 * machine can connect.
 */
async function checkClosed(
  context: CommandContext,
  { dataDir, database, log, hostname, isClosing }: NextStart,
): Promise<void> {
  if (isClosing) return;
  const isClosed = dataDir !== undefined && (await isClosedHub(context, { dataDir, database, log }));
  if (isClosed) return;
  throw new CliError(
    'cli/open-hub',
    `Every program that reaches ${hostname} could use this hub: --closed admits only operators and admitted identities, --open allows it.`,
    EXIT.usage,
  );
}

async function isClosedHub(
  context: CommandContext,
  place: Pick<NextStart, 'dataDir' | 'database' | 'log'>,
): Promise<boolean> {
  const hub = await startHub({ ...place, port: 0, hostname: '127.0.0.1' });
  try {
    const { mode } = await withOwner(context, hub, owner => owner.operator.admissions());
    return mode === 'closed';
  } finally {
    await hub.close();
  }
}

/** Runs `work` with a client that has the owner's identity. */
async function withOwner<T>(
  context: CommandContext,
  hub: Pick<Hub, 'url' | 'ownerToken'>,
  work: (owner: AgoraClient) => Promise<T>,
): Promise<T> {
  const owner = await context.connect('agora-cli', { server: hub.url, token: hub.ownerToken });
  try {
    return await work(owner);
  } finally {
    await owner.close();
  }
}

/** Removes a token from the store. Its hub ran in memory, so no hub will accept the token again. */
async function removeTokenFrom(path: string, token: string): Promise<void> {
  const left = (await readFile(path, 'utf8')).split('\n').filter(line => line !== token && line !== '');
  if (left.length === 0) await rm(path);
  else await writeFile(path, left.map(line => `${line}\n`).join(''), { mode: 0o600 });
}

async function newIdentity(url: string): Promise<OperatorIdentity> {
  const { identity, token } = IdentityResponse.parse(await (await post(url, 'v1/identity')).json());
  return { identity, issued: token };
}

async function isAccepted(url: string, token: string): Promise<boolean> {
  return (await post(url, 'v1/identity/websocket-token', { authorization: `Bearer ${token}` })).ok;
}

function post(url: string, path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(new URL(path, `${url}/`), { method: 'POST', headers, signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
}

/** The identity of a token; undefined for a token of another issuer, whose identity the hub computes. */
function identityIn(token: string): string | undefined {
  const [, payload = ''] = token.split('.');
  try {
    return TokenPayload.parse(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))).hex_identity;
  } catch {
    return undefined;
  }
}

/** An address to connect to, in place of a wildcard address that the hub listens on. */
function reachable(url: string): string {
  const parsed = new URL(url);
  if (parsed.hostname === '0.0.0.0') parsed.hostname = '127.0.0.1';
  if (parsed.hostname === '[::]') parsed.hostname = '[::1]';
  return parsed.origin;
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
  readonly isDefaultPort: boolean;
  readonly hasDashboard: boolean;
}

function greeting({ url, database, folder, isDefaultPort, hasDashboard }: Greeting): string {
  const server = isDefaultPort ? '' : ` --server ${url}`;
  // npm sets the variable: then the program is in the packages of a folder, and may be in no folder of PATH.
  const agora = process.env['npm_command'] === undefined ? 'agora' : 'npx agora';
  const isClone = import.meta.url.endsWith('.ts');
  const demo = isClone
    ? `  npm run demo${isDefaultPort ? '' : ` -- --server ${url}`}
            three agents write, review and score documents on this hub
`
    : '';
  const dashboard = hasDashboard ? `\n  dashboard ${url}/ (${agora} open${server} signs you in)` : '';
  return `
Agora is running.

  hub       ${url}
  database  ${database}
  data      ${folder ?? 'in memory: lost when the hub stops'}${dashboard}

Next, in another terminal:
  ${agora} listen --as Echo${server} -- cat
            runs a program as an agent; here cat, which repeats each message
  ${agora} ask Echo 'Hello?'${server}
            asks the agent, and prints the answer
${demo}
Ctrl-C stops the hub.
`;
}
