// HTTP requests for the module: finds the handler, and converts requests and responses; pinned by the recording
// `http.jsonl` in `tests/conformance`.

import { HostError, messageOf } from '../errors.ts';
import type { HttpReply } from '../guest/activation.ts';
import { textWithTrace, type Ran } from '../guest/guest.ts';
import { decodeResponse, encodeRequest } from '../guest/http-message.ts';
import type { ModuleDef } from '../schema/definition.ts';
import type { HandlerResponse } from './outcome.ts';

/** Headers by name; a repeated header is a list. */
export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** A function of the module that answers HTTP requests. */
export interface HandlerDef {
  readonly id: number;
  readonly name: string;
}

/** The handler of a route; paths must match exactly. */
export function findHandler(def: ModuleDef, method: string, path: string): HandlerDef | undefined {
  const route = def.routes.find(each => each.path === path && (each.method ?? method) === method);
  return route && def.handlers.find(({ name, sourceName }) => name === route.handler || sourceName === route.handler);
}

/** Encodes a request for a handler. */
export function encodeHandlerRequest(method: string, url: string, headers: RequestHeaders): Uint8Array {
  const list: [string, string][] = [];
  for (const [name, values] of Object.entries(headers)) {
    for (const value of typeof values === 'string' ? [values] : (values ?? [])) list.push([name, value]);
  }
  return encodeRequest(method, list, url);
}

/** Converts the result of a handler into a response. */
export function responseOf(ran: Ran<HttpReply>): HandlerResponse {
  if (ran.kind !== 'returned') {
    return textResponse(500, ran.kind === 'threw' ? textWithTrace(ran.thrown) : ran.message);
  }
  try {
    const { status, headers } = decodeResponse(ran.value.response);
    const values = Map.groupBy(headers, ([name]) => name.toLowerCase());
    const joined = Array.from(values, ([name, all]) => {
      const [first = '', ...others] = all.map(([, value]) => value);
      return [name, others.length === 0 ? first : [first, ...others]] as const;
    });
    if (status < 200 || status > 599) throw new HostError('guest/failed', `the handler answered with status ${status}`);
    return { status, headers: Object.fromEntries(joined), body: ran.value.body };
  } catch (cause) {
    return textResponse(500, messageOf(cause));
  }
}

/** The response for an unknown route. */
export function noHandler(): HandlerResponse {
  return textResponse(404, 'Database has not registered a handler for this route');
}

function textResponse(status: number, text: string): HandlerResponse {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: new TextEncoder().encode(text) };
}
