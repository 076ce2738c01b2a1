// Worker thread that sends one HTTP request at a time for a waiting module. It is started from the text of the function, so
// that a bundled host needs no extra file; the function therefore uses only its own lines.

import type { IncomingMessage } from 'node:http';
import type { LookupFunction } from 'node:net';
import type { MessagePort } from 'node:worker_threads';

/** A request to the worker. */
export interface HttpJob {
  readonly method: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly uri: string;
  readonly body: Uint8Array | string;
  readonly timeoutMs: number;
  readonly maxBodyBytes: number;
  readonly maxRedirects: number;
  /** Private and special addresses: ranges as `[first address, prefix length]`. */
  readonly refused: readonly (readonly [string, number])[];
}

/** The worker's answer. */
export type HttpDone =
  | { readonly status: number; readonly headers: readonly (readonly [string, string])[]; readonly body: Uint8Array }
  | { readonly error: string };

/** The worker: receives a job and the shared memory with which it wakes the waiting thread. */
export function runHttpWorker(): void {
  const { parentPort } = process.getBuiltinModule('node:worker_threads');
  const http = process.getBuiltinModule('node:http');
  const https = process.getBuiltinModule('node:https');
  const dns = process.getBuiltinModule('node:dns');
  const net = process.getBuiltinModule('node:net');
  /** Headers for one origin: a redirect to another one must not carry them there. */
  const CREDENTIALS = new Set(['authorization', 'cookie', 'host', 'proxy-authorization']);
  /** Headers of a body that a redirect drops. */
  const OF_BODY = new Set([
    'content-encoding',
    'content-language',
    'content-length',
    'content-location',
    'content-type',
    'transfer-encoding',
  ]);
  const REFUSAL = 'refusing to connect to private or special-purpose addresses';

  const isRefused = (address: string, ranges: HttpJob['refused']): boolean => {
    const list = new net.BlockList();
    for (const [first, length] of ranges) list.addSubnet(first, length, net.isIPv6(first) ? 'ipv6' : 'ipv4');
    return list.check(address, net.isIPv6(address) ? 'ipv6' : 'ipv4');
  };

  /** Resolves a name to public addresses only, so that no name leads into the internal network. */
  const lookUp =
    (ranges: HttpJob['refused']): LookupFunction =>
    (hostname, _options, done) => {
      dns.lookup(hostname, { all: true }, (error, addresses) => {
        if (error) return done(error, '', 4);
        const open = addresses.filter(({ address }) => !isRefused(address, ranges));
        const [first] = open;
        if (!first) return done(new Error(REFUSAL), '', 4);
        return _options.all ? done(null, open) : done(null, first.address, first.family);
      });
    };

  type Headers = HttpJob['headers'];
  const without = (headers: Headers, names: Set<string>): Headers =>
    headers.filter(([name]) => !names.has(name.toLowerCase()));
  const send = (
    job: HttpJob,
    uri: string,
    method: string,
    sent: Headers,
    body: Uint8Array | string,
    signal: AbortSignal,
  ) =>
    new Promise<IncomingMessage>((resolve, reject) => {
      const url = new URL(uri);
      if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new Error(`cannot fetch ${url.protocol} URLs`);
      const host = url.hostname.replace(/^\[|\]$/g, '');
      if (net.isIP(host) && isRefused(host, job.refused)) throw new Error(REFUSAL);
      const headers: Record<string, string[]> = {};
      for (const [name, value] of sent) (headers[name.toLowerCase()] ??= []).push(value);
      const request = (url.protocol === 'https:' ? https : http).request(url, {
        method,
        headers,
        lookup: lookUp(job.refused),
        agent: false,
        signal,
      });
      request.on('error', reject);
      request.on('response', resolve);
      request.end(body);
    });

  const follow = async (
    job: HttpJob,
    signal: AbortSignal,
  ): Promise<{ response: IncomingMessage; body: Uint8Array }> => {
    let { uri, method, headers, body } = job;
    for (let redirects = 0; ; redirects++) {
      const response = await send(job, uri, method, headers, body, signal);
      const status = response.statusCode ?? 0;
      const { location } = response.headers;
      if (![301, 302, 303, 307, 308].includes(status) || location === undefined) {
        const chunks: Buffer[] = [];
        let length = 0;
        for await (const chunk of response as AsyncIterable<Buffer>) {
          length += chunk.length;
          if (length > job.maxBodyBytes) throw new Error(`the body is longer than ${job.maxBodyBytes} bytes`);
          chunks.push(chunk);
        }
        return { response, body: Buffer.concat(chunks) };
      }
      response.resume();
      if (redirects === job.maxRedirects) throw new Error('too many redirects');
      const next = new URL(location, uri);
      if (next.origin !== new URL(uri).origin) headers = without(headers, CREDENTIALS);
      uri = next.href;
      if (status === 303 || (status < 303 && method === 'POST')) {
        method = 'GET';
        headers = without(headers, OF_BODY);
        body = '';
      }
    }
  };

  const perform = async (job: HttpJob): Promise<HttpDone> => {
    const timeout = AbortSignal.timeout(job.timeoutMs);
    try {
      const { response, body } = await follow(job, timeout);
      const headers: [string, string][] = [];
      const { rawHeaders } = response;
      for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
        headers.push([(rawHeaders[at] as string).toLowerCase(), rawHeaders[at + 1] as string]);
      }
      return { status: response.statusCode ?? 0, headers, body };
    } catch (error) {
      if (timeout.aborted) return { error: 'the request timed out' };
      return { error: error instanceof Error ? error.message : String(error) };
    }
  };

  parentPort?.on('message', ({ job, port, flag }: { job: HttpJob; port: MessagePort; flag: Int32Array }) => {
    void perform(job).then(done => {
      port.postMessage(done);
      port.close();
      Atomics.store(flag, 0, 1);
      Atomics.notify(flag, 0);
    });
  });
}
