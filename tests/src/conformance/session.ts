// A session of a scenario: publishes bundles, uses HTTP and WebSocket, and records all that is sent and received. It
// never waits for silence: it waits for the answer to each request and then, on every connection, for a pong, before
// which all that the server had sent to it has arrived.

import { type Entry, Transcript } from './transcript.ts';
import type { Type, Value } from './bsatn.ts';
import { args, Client } from './client.ts';
import { request, type HttpAnswer } from './http-request.ts';
import type { Request, RowTypes } from './messages.ts';
import { orderJson, readJson } from './ordered-json.ts';
import { PROBE_ROWS } from './probe-rows.ts';

const ANSWER_TIMEOUT_MS = 8000;
/** A server notices the end of a socket a moment after its client. */
const GOODBYE_MS = 20;
const LONGEST_SHOWN_BODY = 300;

export interface Person {
  readonly label: string;
  readonly identity: string;
  readonly token: string;
}

/** A caller with a token: a person, or a client that was given one. */
type Bearer = Pick<Person, 'label' | 'token'>;

export interface HttpOptions {
  readonly as?: Bearer | undefined;
  /** Text and bytes are sent as they are, anything else as JSON. */
  readonly body?: Value | Buffer | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** Not recorded. */
  readonly isQuiet?: boolean;
  /** The part of the body that is shown, instead of all of it. */
  readonly show?: (body: string) => Value;
}

export interface ConnectOptions {
  readonly as?: Bearer;
  readonly protocols?: readonly string[];
  readonly query?: string;
  readonly database?: string;
}

type Pair = readonly [Type, Value];

export class Session {
  readonly transcript = new Transcript();
  readonly server: string;
  readonly #scenario: string;
  readonly #bundles: ReadonlyMap<string, Buffer>;
  readonly #clients: Client[] = [];
  types: RowTypes = PROBE_ROWS;
  #database = '';
  databaseIdentity = '';

  constructor(server: string, scenario: string, bundles: ReadonlyMap<string, Buffer>) {
    this.server = server;
    this.#scenario = scenario;
    this.#bundles = bundles;
    this.transcript.constants.set(server, '<server>');
    this.transcript.constants.set(server.replace(/^https?:\/\//, ''), '<host>');
  }

  /** The database of the requests; the transcript omits its name. */
  get database(): string {
    return this.#database;
  }
  set database(name: string) {
    this.#database = name;
    for (const [constant, shown] of this.transcript.constants) {
      if (shown === '<database>') this.transcript.constants.delete(constant);
    }
    this.transcript.constants.set(name, '<database>');
  }

  step(title: string): void {
    this.transcript.step(title);
  }

  bundle(name: string): Buffer {
    const bundle = this.#bundles.get(name);
    if (bundle === undefined) throw new Error(`no bundle ${name}`);
    return bundle;
  }

  // HTTP

  async http(method: string, path: string, options: HttpOptions = {}): Promise<HttpAnswer> {
    const { as, isQuiet, show } = options;
    const headers = { ...options.headers, ...(as ? { authorization: `Bearer ${as.token}` } : {}) };
    const isJson = options.body !== undefined && typeof options.body !== 'string' && !Buffer.isBuffer(options.body);
    const body = encodeBody(options.body);
    if (isJson && !('content-type' in headers)) Object.assign(headers, { 'content-type': 'application/json' });
    const answer = await request(method, this.server + path, headers, body);
    if (!isQuiet) {
      const type = answer.headers['content-type'];
      const kept = keptHeaders(answer, headers);
      this.transcript.note({
        http: `${method} ${path}`,
        as: as?.label,
        body: body === undefined ? undefined : showBody(body),
        status: answer.status,
        type,
        headers: Object.keys(kept).length > 0 ? kept : undefined,
        answer: showAnswer(answer, show),
      });
    }
    if (method !== 'GET' && this.#clients.some(client => client.isOpen)) await this.settle();
    return answer;
  }

  /** A new identity with a token, named in the transcript. */
  async identity(label: string): Promise<Person> {
    const answer = await this.http('POST', '/v1/identity', { isQuiet: true });
    const { identity, token } = JSON.parse(answer.body) as { identity: string; token: string };
    this.transcript.name('identity', identity, label);
    this.transcript.name('token', token, `token of ${label}`);
    return { label, identity, token };
  }

  publish(bundle: string, options: { as?: Person; database?: string; query?: string; isQuiet?: boolean }) {
    const { as, database, query = '', isQuiet } = options;
    const path = database === undefined ? '/v1/database' : `/v1/database/${database}`;
    return this.http(database === undefined ? 'POST' : 'PUT', `${path}?host_type=Js${query}`, {
      as,
      body: this.bundle(bundle),
      isQuiet: isQuiet ?? false,
      headers: { 'content-type': 'application/octet-stream' },
    });
  }

  /** Publishes under a fresh name and keeps it as the database of this scenario. */
  async start(bundle: string, owner: Person): Promise<void> {
    this.database = `conf-${this.#scenario}-${randomWord()}`;
    const answer = await this.publish(bundle, { as: owner, database: this.database, isQuiet: true });
    const identity = /"database_identity":"([0-9a-f]{64})"/.exec(answer.body)?.[1];
    if (answer.status !== 200 || identity === undefined) throw new Error(`publish: ${answer.status} ${answer.body}`);
    this.transcript.name('identity', identity, 'identity of the database');
    this.databaseIdentity = identity;
  }

  sql(query: string, as: Bearer | undefined, options: HttpOptions = {}): Promise<HttpAnswer> {
    const headers = { 'content-type': 'text/plain' };
    return this.http('POST', `/v1/database/${this.database}/sql`, { as, body: query, headers, ...options });
  }

  callHttp(name: string, as: Bearer | undefined, values: Value, options: HttpOptions = {}): Promise<HttpAnswer> {
    return this.http('POST', `/v1/database/${this.database}/call/${name}`, { as, body: values, ...options });
  }

  // WebSocket

  async connect(label: string, options: ConnectOptions = {}): Promise<SessionClient> {
    const { as, query = 'compression=None', database = this.database } = options;
    const protocols = options.protocols ?? ['v3.bsatn.spacetimedb', 'v2.bsatn.spacetimedb'];
    const token = as ? `&token=${as.token}` : '';
    const url = `${this.server.replace(/^http/, 'ws')}/v1/database/${database}/subscribe?${query}${token}`;
    const client = new Client({ index: this.#clients.length, label, url, protocols, types: () => this.types });
    this.#clients.push(client);
    await client.opened;
    await this.settle();
    return new SessionClient(this, client);
  }

  /** Waits for all answers and for their effects on other connections, and records them. */
  async settle(): Promise<void> {
    for (const client of this.#clients) await client.answered(ANSWER_TIMEOUT_MS);
    await Promise.all(this.#clients.map(client => client.drained(ANSWER_TIMEOUT_MS)));
    for (const client of this.#clients) {
      const received = client.takeInbox();
      if (received.length > 0) this.transcript.receives(client, received);
    }
    for (const client of this.#clients) {
      if (!client.isOpen || client.unanswered.size === 0) continue;
      this.transcript.note({ unanswered: client.label, requests: [...client.unanswered] });
      client.unanswered.clear();
    }
  }

  /** Waits for effects without a request, such as a schedule. */
  async wait(ms: number): Promise<void> {
    await new Promise(resolve => setTimeout(resolve, ms));
    await this.settle();
  }

  close(): void {
    for (const { socket } of this.#clients) socket.terminate();
  }
}

/** A client whose requests are recorded. */
export class SessionClient {
  readonly #session: Session;
  readonly #client: Client;

  constructor(session: Session, client: Client) {
    this.#session = session;
    this.#client = client;
  }

  get label(): string {
    return this.#client.label;
  }
  get token(): string {
    return this.#client.token;
  }

  subscribe(querySet: number, ...queries: readonly string[]): Promise<void> {
    return this.#ask({ subscribe: queries, querySet }, ['subscribe', querySet, queries]);
  }
  unsubscribe(querySet: number, flags = 1): Promise<void> {
    return this.#ask({ unsubscribe: querySet, flags }, ['unsubscribe', querySet, flags]);
  }
  query(sql: string): Promise<void> {
    return this.#ask({ query: sql }, ['query', sql]);
  }
  call(reducer: string, ...pairs: readonly Pair[]): Promise<void> {
    return this.#ask({ call: reducer, args: pairs.map(([, value]) => value) }, ['call', reducer, args(...pairs)]);
  }
  callRaw(reducer: string, bytes: Buffer): Promise<void> {
    return this.#ask({ call: reducer, rawArgs: bytes.toString('hex') }, ['call', reducer, bytes]);
  }
  procedure(name: string, ...pairs: readonly Pair[]): Promise<void> {
    return this.#ask({ procedure: name, args: pairs.map(([, value]) => value) }, ['procedure', name, args(...pairs)]);
  }
  /** Several requests in one frame (v3). */
  together(...requests: readonly Request[]): Promise<void> {
    const frame = requests.map(request => request.map(part => (Buffer.isBuffer(part) ? part.toString('hex') : part)));
    return this.#ask({ frame }, ...requests);
  }

  async raw(what: string, bytes: Buffer | string): Promise<void> {
    this.#session.transcript.note({ says: this.label, raw: what });
    this.#client.socket.send(bytes, { binary: typeof bytes !== 'string' }, () => undefined);
    await this.#session.settle();
  }

  async close(): Promise<void> {
    this.#client.socket.close(1000);
    await this.#client.closed(ANSWER_TIMEOUT_MS);
    await this.#session.wait(GOODBYE_MS);
  }

  /** Disconnects without a closing frame. */
  async vanish(): Promise<void> {
    this.#client.socket.terminate();
    await this.#client.closed(ANSWER_TIMEOUT_MS);
    await this.#session.wait(GOODBYE_MS);
  }

  async closedByServer(): Promise<void> {
    await this.#client.closed(ANSWER_TIMEOUT_MS);
    await this.#session.settle();
  }

  async #ask(entry: Entry, ...requests: readonly Request[]): Promise<void> {
    this.#session.transcript.note({ says: this.label, ...entry });
    this.#client.send(...requests);
    await this.#session.settle();
  }
}

function encodeBody(body: HttpOptions['body']): string | Buffer | undefined {
  return body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
}

function showBody(body: string | Buffer): string {
  if (typeof body !== 'string') return '(bytes)';
  return body.length > LONGEST_SHOWN_BODY ? `(${body.length} characters)` : body;
}

function showAnswer({ headers, body }: HttpAnswer, show: HttpOptions['show']): Value {
  try {
    if (show) return orderJson(show(body));
    if (headers['content-type']?.includes('json')) return orderJson(readJson(body));
  } catch {
    // An answer of another shape is shown as received.
  }
  return body;
}

function keptHeaders(answer: HttpAnswer, sent: Readonly<Record<string, string>>): Record<string, string> {
  const wanted =
    'origin' in sent
      ? /^(allow|access-control-.*)$/
      : /^(spacetime-identity-token|spacetime-identity|x-echo|allow|location|www-authenticate)$/;
  const kept = Object.entries(answer.headers)
    .filter(([name]) => wanted.test(name))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(kept.map(([name, value]) => [name, String(value)]));
}

function randomWord(): string {
  return Math.random().toString(36).slice(2, 8);
}
