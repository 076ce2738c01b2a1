// Outgoing HTTP requests of a module. The module's call is synchronous, so this thread waits while a worker sends the request.

import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { HostError, messageOf } from '../errors.ts';
import type { HttpReply } from './activation.ts';
import { decodeRequest, encodeResponse } from './http-message.ts';
import { runHttpWorker, type HttpDone, type HttpJob } from './http-worker.ts';

const DEFAULT_TIMEOUT_MS = 30_000;
const MAX_TIMEOUT_MS = 180_000;
const MAX_BODY_BYTES = 16 * 1024 * 1024;
const MAX_REDIRECTS = 10;

/** Grace period after the timeout of a request, after which the worker is terminated. */
const GRACE_MS = 2_000;

/** Addresses that a module may not reach: this machine, its network, and special addresses (RFC 6890). */
const REFUSED: HttpJob['refused'] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  ['::', 128],
  ['::1', 128],
  ['::ffff:0:0', 96],
  ['64:ff9b::', 96],
  ['100::', 64],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
];

let worker: Worker | undefined;

/**
 * Sends a request and waits for the response, for at most three minutes; this thread is blocked until then. Throws
 * `call/http-failed`; a response with any status counts. `refused` are the addresses that no request may reach.
 */
export function fetchAndWait(request: Uint8Array, body: Uint8Array | string, refused = REFUSED): HttpReply {
  const { method, headers, uri, timeoutMs = DEFAULT_TIMEOUT_MS } = decodeRequest(request);
  const job: HttpJob = {
    method,
    headers,
    uri,
    body,
    timeoutMs: Math.min(Math.max(0, timeoutMs), MAX_TIMEOUT_MS),
    maxBodyBytes: MAX_BODY_BYTES,
    maxRedirects: MAX_REDIRECTS,
    refused,
  };
  const done = waitFor(job);
  if ('error' in done) throw new HostError('call/http-failed', done.error);
  return { response: encodeResponse(done.status, done.headers), body: done.body };
}

function waitFor(job: HttpJob): HttpDone {
  worker ??= startWorker();
  const { port1, port2 } = new MessageChannel();
  const flag = new Int32Array(new SharedArrayBuffer(4));
  try {
    worker.postMessage({ job, port: port2, flag }, [port2]);
    Atomics.wait(flag, 0, 0, job.timeoutMs + GRACE_MS);
    const received: { message: HttpDone } | undefined = receiveMessageOnPort(port1);
    if (received) return received.message;
    void worker.terminate();
    worker = undefined;
    return { error: 'the request timed out' };
  } catch (cause) {
    return { error: messageOf(cause) };
  } finally {
    port1.close();
  }
}

function startWorker(): Worker {
  const started = new Worker(`(${String(runHttpWorker)})()`, { eval: true });
  started.unref();
  started.on('error', () => {
    worker = undefined;
  });
  return started;
}
