// The server: whether one answers, what it is, whether its clock is right, whether it has the database, and of which module.

import { LIMITS } from '@agora/module/contract';
import { z } from 'zod';
import { fault, ok, skipped, warning, type Finding, type Patient } from './finding.ts';

const ANSWER_WITHIN_MS = 5_000;
/** Worth a word, though the hub takes it. */
const NOTABLE_SKEW_MS = 30_000;

const Health = z.object({ package_name: z.string().optional(), version: z.string().optional() });

/** Looks at the server over HTTP. */
export async function* examineServer(patient: Patient): AsyncGenerator<Finding, void> {
  const { server } = patient.context.settings;
  let answer: Response;
  try {
    answer = await get(patient, 'v1/ping');
  } catch (error) {
    yield fault('server', `nothing answers at ${server} (${reasonOf(error)})`, startOrName(server));
    yield skipped('database', 'there is no server');
    return;
  }
  if (!answer.ok && answer.status !== 404) {
    yield fault('server', `${server} answers ${answer.status} to /v1/ping`, 'Name a SpacetimeDB server: --server.');
    return;
  }
  yield await kind(patient, answer);
  if (!patient.isReachable) return;
  yield clock(answer);
  yield await database(patient);
  if (patient.hasDatabase) yield await schema(patient);
}

async function kind(patient: Patient, ping: Response): Promise<Finding> {
  const { server } = patient.context.settings;
  const answer = await get(patient, 'v1/health').catch(() => undefined);
  const health = Health.safeParse(answer?.ok ? await answer.json().catch(() => undefined) : undefined);
  if (!health.success && !ping.ok) {
    return fault('server', `something answers at ${server}, but not as SpacetimeDB does`, startOrName(server));
  }
  patient.isReachable = true;
  const { package_name: name = 'SpacetimeDB', version = '' } = health.data ?? {};
  const what = name === '@agora/host' ? "Agora's own host" : name;
  return ok('server', `${what}${version === '' ? '' : ` ${version}`} at ${server}`);
}

/** By the `Date` of an answer, which counts in seconds. */
function clock(answer: Response): Finding {
  const date = Date.parse(answer.headers.get('date') ?? '');
  if (Number.isNaN(date)) return skipped('clock', 'the server does not tell the time');
  const skewMs = Date.now() - date;
  const off = `${Math.round(Math.abs(skewMs) / 1000)} s ${skewMs > 0 ? 'ahead of' : 'behind'} that of the server`;
  const fix = 'Set the clocks of both machines (NTP): the ids of messages hold the time.';
  if (Math.abs(skewMs) > LIMITS.clockSkewMs) return fault('clock', `the clock of this machine is ${off}`, fix);
  if (Math.abs(skewMs) > NOTABLE_SKEW_MS) return warning('clock', `the clock of this machine is ${off}`, fix);
  return ok('clock', 'as that of the server');
}

async function database(patient: Patient): Promise<Finding> {
  const { database: name, server } = patient.context.settings;
  const answer = await get(patient, `v1/database/${encodeURIComponent(name)}`);
  if (answer.ok) {
    patient.hasDatabase = true;
    return ok('database', name);
  }
  const fix = `Name another with --database, or publish the module: spacetime publish ${name} -s ${server} -p module.`;
  return fault('database', `${server} has no database "${name}"`, fix);
}

/** Every name that the client uses must be one of the module's. */
async function schema(patient: Patient): Promise<Finding> {
  const { database: name } = patient.context.settings;
  const answer = await get(patient, `v1/database/${encodeURIComponent(name)}/schema?version=9`);
  if (!answer.ok) return skipped('module', `its description cannot be read (${answer.status})`);
  const { requiredNames } = await import('@agora/client');
  const names = namesIn(await answer.json());
  const missing = requiredNames().filter(each => !names.has(each));
  if (missing.length === 0) return ok('module', `has all ${requiredNames().length} names that this version needs`);
  const fix = 'Update the hub: start `agora up` of this version, or publish the module of this version anew.';
  const some = missing.slice(0, 5).join(', ');
  if (missing.length > 20)
    return fault('module', `"${name}" is no Agora (it has no ${some} …)`, 'Name another: --database.');
  return fault('module', `the module is another version: it has no ${some}${missing.length > 5 ? ' …' : ''}`, fix);
}

/** Whatever is called something, at any depth. */
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

function get({ context }: Patient, path: string): Promise<Response> {
  const { server } = context.settings;
  const base = server.replace(/^ws/, 'http').replace(/\/?$/, '/');
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]);
  return fetch(new URL(path, base), { signal });
}

function startOrName(server: string): string {
  const { hostname, port } = new URL(server);
  const isHere = ['127.0.0.1', 'localhost', '[::1]'].includes(hostname);
  const start = `agora up${port === '3000' ? '' : ` --port ${port || '80'}`}`;
  return isHere
    ? `Start a hub: ${start}. Or name the address of one: --server, AGORA_SERVER.`
    : 'Is that its address? (--server)';
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (cause instanceof Error && 'code' in cause) return String(cause.code);
  return error.name === 'TimeoutError' ? `no answer within ${ANSWER_WITHIN_MS / 1000} s` : error.message;
}
