// One HTTP request on a separate connection: a server that refuses a long body closes the connection.

import http from 'node:http';

export interface HttpAnswer {
  /** The status, or the error code if there was no answer. */
  readonly status: number | string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

const TIMEOUT_MS = 20_000;

export function request(
  method: string,
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string | Buffer | undefined,
): Promise<HttpAnswer> {
  const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
  return new Promise(resolve => {
    const sent = http.request(url, { method, agent: false, headers: { ...headers, ...length } }, answer => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('end', () => {
        const text = Buffer.concat(parts).toString('utf8');
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text });
      });
    });
    sent.on('error', (error: NodeJS.ErrnoException) => {
      resolve({ status: error.code ?? error.message, headers: {}, body: '' });
    });
    sent.setTimeout(TIMEOUT_MS, () => sent.destroy(new Error('no answer')));
    sent.end(body);
  });
}
