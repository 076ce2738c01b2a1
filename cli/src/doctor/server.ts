// Checks of the server: that it answers, its kind, its clock, the database, and the version of the module.

import { LIMITS } from '@agora/module/contract';
import { z } from 'zod';
import { fault, ok, skipped, warning, type Finding, type Setup } from './finding.ts';

const ANSWER_WITHIN_MS = 5_000;
/** The hub accepts this clock skew, but it is reported. */
const NOTABLE_SKEW_MS = 30_000;

const Health = z.object({ package_name: z.string().optional(), version: z.string().optional() });

/** Checks the server over HTTP. */
export async function* checkServer(setup: Setup): AsyncGenerator<Finding, void> {
  const { server } = setup.context.settings;
  let answer: Response;
  try {
    answer = await get(setup, 'v1/ping');
  } catch (error) {
    yield fault('server', `nothing answers at ${server} (${reasonOf(error)})`, startOrNameServer(server));
    yield skipped('database', 'there is no server');
    return;
  }
  if (!answer.ok && answer.status !== 404) {
    yield fault('server', `${server} answers ${answer.status} to /v1/ping`, 'Name a SpacetimeDB server with --server.');
    return;
  }
  yield await checkKind(setup, answer);
  if (!setup.isReachable) return;
  yield checkClock(answer);
  yield await checkDatabase(setup);
  if (setup.hasDatabase) yield await checkSchema(setup);
}

async function checkKind(setup: Setup, ping: Response): Promise<Finding> {
  const { server } = setup.context.settings;
  const answer = await get(setup, 'v1/health').catch(() => undefined);
  const health = Health.safeParse(answer?.ok ? await answer.json().catch(() => undefined) : undefined);
  if (!health.success && !ping.ok) {
    return fault('server', `something answers at ${server}, but it is not SpacetimeDB`, startOrNameServer(server));
  }
  setup.isReachable = true;
  const { package_name: name = 'SpacetimeDB', version = '' } = health.data ?? {};
  const what = name === '@agora/host' ? "Agora's own host" : name;
  return ok('server', `${what}${version === '' ? '' : ` ${version}`} at ${server}`);
}

/** Uses the `Date` header of a response, which counts in seconds. */
function checkClock(answer: Response): Finding {
  const date = Date.parse(answer.headers.get('date') ?? '');
  if (Number.isNaN(date)) return skipped('clock', 'the response of the server has no Date header');
  const skewMs = Date.now() - date;
  const skew = `${Math.round(Math.abs(skewMs) / 1000)} s ${skewMs > 0 ? 'ahead of' : 'behind'} the server`;
  const fix = 'Synchronise the clocks of both machines (NTP), since message ids contain the time.';
  if (Math.abs(skewMs) > LIMITS.clockSkewMs) return fault('clock', `the clock of this machine is ${skew}`, fix);
  if (Math.abs(skewMs) > NOTABLE_SKEW_MS) return warning('clock', `the clock of this machine is ${skew}`, fix);
  return ok('clock', 'agrees with the server');
}

async function checkDatabase(setup: Setup): Promise<Finding> {
  const { database: name, server } = setup.context.settings;
  const answer = await get(setup, `v1/database/${encodeURIComponent(name)}`);
  if (answer.ok) {
    setup.hasDatabase = true;
    return ok('database', name);
  }
  const fix = `Name another with --database, or publish the module: spacetime publish ${name} -s ${server} -p module.`;
  return fault('database', `${server} has no database "${name}"`, fix);
}

/** The module must have every name that the client uses. */
async function checkSchema(setup: Setup): Promise<Finding> {
  const { database: name } = setup.context.settings;
  const answer = await get(setup, `v1/database/${encodeURIComponent(name)}/schema?version=9`);
  if (!answer.ok) return skipped('module', `its description cannot be read (${answer.status})`);
  const { requiredNames } = await import('@agora/client');
  const names = namesIn(await answer.json());
  const missing = requiredNames().filter(each => !names.has(each));
  if (missing.length === 0) return ok('module', `has all ${requiredNames().length} names that this version needs`);
  const fix = 'Update the hub: start `agora up` of this version, or publish the module of this version.';
  const some = missing.slice(0, 5).join(', ');
  if (missing.length > 20)
    return fault('module', `"${name}" is not an Agora database (it has no ${some} …)`, 'Name another with --database.');
  return fault('module', `the module is another version: it has no ${some}${missing.length > 5 ? ' …' : ''}`, fix);
}

/** All values of members called `name`, at any depth. */
function namesIn(value: unknown, found = new Set<string>()): Set<string> {
  if (Array.isArray(value)) for (const each of value) namesIn(each, found);
  else if (typeof value === 'object' && value !== null) {
    for (const [key, each] of Object.entries(value)) {
      if (key === 'name' && typeof each === 'string') found.add(each);
      namesIn(each, found);
    }
  }
  return found;
}

function get({ context }: Setup, path: string): Promise<Response> {
  const { server } = context.settings;
  const base = server.replace(/^ws/, 'http').replace(/\/?$/, '/');
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]);
  return fetch(new URL(path, base), { signal });
}

function startOrNameServer(server: string): string {
  const { hostname, port } = new URL(server);
  const isHere = ['127.0.0.1', 'localhost', '[::1]'].includes(hostname);
  const start = `agora up${port === '3000' ? '' : ` --port ${port || '80'}`}`;
  return isHere
    ? `Start a hub: ${start}. Or give the address of one with --server or AGORA_SERVER.`
    : 'Check the address (--server).';
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (cause instanceof Error && 'code' in cause) return String(cause.code);
  return error.name === 'TimeoutError' ? `no answer within ${ANSWER_WITHIN_MS / 1000} s` : error.message;
}
