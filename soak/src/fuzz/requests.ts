// HTTP requests, and invalid ones, sent to a listening host.

import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { startHost, type Host } from '@agora/host/fuzzing';
import type { Corpus } from './corpus.ts';
import { mutateBytes, mutateText } from './mutate.ts';
import type { Random } from './random.ts';
import type { Tally } from './tally.ts';

/** Some requests end by a timer, so many wait in parallel. */
const AT_ONCE = 64;
const ANSWER_MS = 5_000;
const NAME = 'fuzzed';
const PATHS = [
  '/call/add_team', '/call/add_up', '/sql', '/schema?version=10', '/schema?version=9', '/names', '/identity', '/logs',
  '', '/subscribe', '/route/echo', '/pre_publish?host_type=Js', '/unstable/timestamp', '/lock', '/reset?host_type=Js',
].map(path => `/v1/database/${NAME}${path}`); // prettier-ignore
const OTHERS = ['/v1/identity', '/v1/identity/public-key', '/v1/ping', '/health', '/metrics', '/v1/energy/00', '/'];
const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH'];

/** Sends requests to a host. */
export class Requests {
  readonly #random: Random;
  readonly #tally: Tally;
  readonly #corpus: Corpus;
  readonly #host: Host;

  static async open(random: Random, tally: Tally, corpus: Corpus, bundle: Uint8Array): Promise<Requests> {
    const report = (line: string): void => {
      if (!line.includes('was dropped')) tally.fault('http', 'see the line', line);
    };
    const host = await startHost({ log: report });
    await host.publish(NAME, bundle);
    return new Requests(random, tally, corpus, host);
  }

  private constructor(random: Random, tally: Tally, corpus: Corpus, host: Host) {
    this.#random = random;
    this.#tally = tally;
    this.#corpus = corpus;
    this.#host = host;
  }

  /** Sends several in parallel and returns their number. */
  async turn(): Promise<number> {
    const all = Array.from({ length: AT_ONCE }, () => (this.#random.chance(10) ? this.#noise() : this.#request()));
    await Promise.all(all);
    return AT_ONCE;
  }

  async close(): Promise<void> {
    await this.#host.close();
  }

  async #request(): Promise<void> {
    const random = this.#random;
    const { words, calls, sql } = this.#corpus;
    const good = random.chance(90) ? random.pick(PATHS) : random.pick(OTHERS);
    const path = random.chance(60)
      ? good
      : encodeURI(mutateText(random, good, words).toWellFormed().replaceAll('#', ''));
    const method = random.pick(METHODS);
    const text = random.chance(50) ? random.pick(calls).args : random.pick(sql);
    const body = Buffer.from(mutateText(random, text, words));
    const headers: Record<string, string> = {};
    if (random.chance(80)) headers['content-type'] = random.chance(90) ? 'application/json' : 'text/plain';
    if (random.chance(20))
      headers['authorization'] = `Bearer ${mutateText(random, 'aaa.bbb.ccc', ['.'])}`.replaceAll(/[^ -~]/g, '');
    if (random.chance(5)) headers['authorization'] = `Bearer ${this.#host.owner.token}`;
    // No request may delete or replace the database that the others need.
    if (headers['authorization']?.includes(this.#host.owner.token) === true && method !== 'GET')
      delete headers['authorization'];
    const show = () => `${method} ${path} ${JSON.stringify(headers)} ${body.toString('hex')}`;
    const url = `${this.#host.url}${path.startsWith('/') ? path : `/${path}`}`;
    const asked = request(url, { method, headers, agent: false, signal: AbortSignal.timeout(ANSWER_MS) });
    try {
      asked.end(body);
      const [answer] = (await once(asked, 'response')) as [IncomingMessage];
      answer.resume();
      await once(answer, 'end');
      const status = answer.statusCode ?? 0;
      if (status < 400) this.#tally.answered++;
      else this.#tally.refused++;
    } catch (error) {
      // A host that has refused a request does not wait for its body.
      if (error instanceof Error && 'code' in error && ['ECONNRESET', 'EPIPE'].includes(String(error.code))) {
        this.#tally.refused++;
      } else this.#tally.fault('http', show(), String(error));
    }
  }

  /** After any bytes the host answers or closes the connection, and keeps running. */
  async #noise(): Promise<void> {
    const random = this.#random;
    const upgrade =
      `GET /v1/database/${NAME}/subscribe?compression=Gzip HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n' +
      'Sec-WebSocket-Protocol: v3.bsatn.spacetimedb\r\n\r\n';
    const frames = [Buffer.from(upgrade), ...this.#corpus.messages.slice(0, 50)];
    const bytes = mutateBytes(random, Buffer.from(upgrade), frames);
    const socket = connect(this.#host.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.resume();
    const closed = once(socket, 'close');
    await once(socket, 'connect');
    socket.end(bytes);
    setTimeout(() => socket.destroy(), 20);
    await closed;
    this.#tally.refused++;
  }
}
