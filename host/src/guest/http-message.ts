// HTTP requests and responses of modules: BSATN of `HttpRequest` and `HttpResponse`. Defined by
// clockworklabs/SpacetimeDB: crates/lib/src/http.rs.

import { BsatnError, BsatnReader } from '../sats/reader.ts';
import { BsatnWriter } from '../sats/writer.ts';

/** Tags of the known methods; any other is encoded as tag 9 and its name. */
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'] as const;
const OTHER_METHOD = METHODS.length;

const HTTP_1_1 = 2;

/** Headers in order, each a name and a value. */
export type Headers = readonly (readonly [name: string, value: string])[];

/** A request from a module. */
export interface OutgoingRequest {
  readonly method: string;
  readonly headers: Headers;
  readonly timeoutMs: number | undefined;
  readonly uri: string;
}

/** Reads a request from a module. Throws `BsatnError`. */
export function decodeRequest(bytes: Uint8Array): OutgoingRequest {
  const reader = new BsatnReader(bytes);
  const tag = reader.u8();
  const method = tag === OTHER_METHOD ? reader.string() : METHODS[tag];
  if (method === undefined) throw new BsatnError(`unknown HTTP method ${tag}`);
  const headers = readHeaders(reader);
  const timeoutMs = reader.u8() === 0 ? Number(reader.i64()) / 1000 : undefined;
  return { method, headers, timeoutMs, uri: reader.string() };
}

/** Writes a request for a module's handler. */
export function encodeRequest(method: string, headers: Headers, uri: string): Uint8Array {
  const writer = new BsatnWriter();
  const tag = METHODS.findIndex(known => known === method);
  if (tag >= 0) writer.u8(tag);
  else writer.u8(OTHER_METHOD).string(method);
  writeHeaders(writer, headers);
  const noTimeout = 1;
  return writer.u8(noTimeout).string(uri).u8(HTTP_1_1).finish();
}

/** Reads the response of a module's handler. Throws `BsatnError`. */
export function decodeResponse(bytes: Uint8Array): { readonly status: number; readonly headers: Headers } {
  const reader = new BsatnReader(bytes);
  const headers = readHeaders(reader);
  reader.u8(); // the HTTP version, which the connection determines
  return { status: reader.u16(), headers };
}

/** Writes the response to a module's own request. */
export function encodeResponse(status: number, headers: Headers): Uint8Array {
  const writer = new BsatnWriter();
  writeHeaders(writer, headers);
  return writer.u8(HTTP_1_1).u16(status).finish();
}

function readHeaders(reader: BsatnReader): Headers {
  const headers: [string, string][] = [];
  for (let left = reader.u32(); left > 0; left--) {
    // Header values are bytes; latin1 preserves each of them.
    const name = reader.string();
    headers.push([name, Buffer.from(reader.byteArray()).toString('latin1')]);
  }
  return headers;
}

function writeHeaders(writer: BsatnWriter, headers: Headers): void {
  writer.u32(headers.length);
  for (const [name, value] of headers) writer.string(name).byteArray(Buffer.from(value, 'latin1'));
}
