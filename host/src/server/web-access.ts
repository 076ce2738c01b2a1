// Access of web pages: which origins may send requests, and under which host names the host answers.
//
// Browsers send an `Origin` with every request that a page of another origin may read or that changes data. Programs send
// none, and are not restricted. A page whose own name was pointed at this host (DNS rebinding) is found by its `Host`.

import { BlockList, isIP } from 'node:net';
import type { IncomingHttpHeaders } from 'node:http';
import { HttpError } from './exchange.ts';

/** Allows all origins and all host names, as SpacetimeDB does. */
export const ANY_ORIGIN = '*';

/** Options of `WebAccess`. */
export interface WebAccessOptions {
  /** Origins of pages that may send requests, such as `https://app.example`; `*` allows all pages and host names. */
  readonly origins: readonly string[];
  /** The name or address that the host listens on. */
  readonly hostname: string;
  /** True if only this machine can connect. */
  readonly isLoopback: boolean;
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8);
LOOPBACK.addAddress('::1', 'ipv6');
/** Headers that a proxy adds. */
const PROXY_HEADER = /^(forwarded|via|x-forwarded-.*|x-real-ip|x-client-ip|true-client-ip|cf-connecting-ip)$/;

/** Decides which requests of browsers are allowed. */
export class WebAccess {
  readonly #allowsAll: boolean;
  readonly #origins: ReadonlySet<string>;
  /** Names under which this host is known, besides IP addresses and those of the loopback. */
  readonly #names: ReadonlySet<string>;
  readonly #isLoopbackHost: boolean;

  constructor({ origins, hostname, isLoopback }: WebAccessOptions) {
    this.#allowsAll = origins.includes(ANY_ORIGIN);
    this.#origins = new Set(origins);
    this.#isLoopbackHost = isLoopback;
    const names = origins.filter(origin => origin !== ANY_ORIGIN).map(origin => new URL(origin).hostname);
    this.#names = new Set([hostname.toLowerCase(), ...names]);
  }

  /** Checks a request as `check` does, and returns the headers that let its page read the answer. */
  allow(headers: IncomingHttpHeaders, more?: readonly string[]): Record<string, string> {
    const origin = this.check(headers, more);
    if (this.#allowsAll) return { 'access-control-allow-origin': ANY_ORIGIN };
    return { vary: 'Origin', ...(origin !== undefined && { 'access-control-allow-origin': origin }) };
  }

  /**
   * Returns the origin of the page that sends a request; undefined for a program. `more` are origins that are allowed for
   * this request only. Throws `HttpError` for a request that is refused.
   */
  check(headers: IncomingHttpHeaders, more: readonly string[] = []): string | undefined {
    const { origin } = headers;
    if (this.#allowsAll) return origin;
    const name = hostNameOf(headers.host);
    if (this.#isLoopbackHost && name !== undefined && !isLoopbackName(name) && !this.#names.has(name)) {
      throw refuse(`the host name ${quote(name)} is not one of this host`, `http://${name}`);
    }
    if (origin === undefined) {
      if (isFromOtherPage(headers)) throw new HttpError(403, 'pages of other origins may not send this request');
      return undefined;
    }
    const isAllowed =
      this.#origins.has(origin) || more.includes(ANY_ORIGIN) || more.includes(origin) || this.#isOwn(origin, headers);
    if (!isAllowed) throw refuse(`pages of the origin ${quote(origin)} may not use this host`, origin);
    return origin;
  }

  /** Returns true for a page of this host, under a name that no other party controls. */
  #isOwn(origin: string, { host }: IncomingHttpHeaders): boolean {
    if (host === undefined || (origin !== `http://${host}` && origin !== `https://${host}`)) return false;
    const name = hostNameOf(host);
    return name !== undefined && (isIP(bare(name)) !== 0 || isLoopbackName(name) || this.#names.has(name));
  }
}

/** Checks an origin of the options: `https://name`, `http://name:port` or `*`. Returns it as browsers write it. */
export function parseOrigin(text: string): string | undefined {
  if (text === ANY_ORIGIN) return text;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isOrigin = url !== undefined && /^https?:$/.test(url.protocol) && `${url.origin}/` === url.href;
  return isOrigin ? url.origin : undefined;
}

/** Returns true for a request of this machine that no proxy has forwarded. */
export function isLocalRequest(address: string | undefined, headers: IncomingHttpHeaders): boolean {
  return isLoopbackAddress(address) && !Object.keys(headers).some(name => PROXY_HEADER.test(name));
}

/** Returns true for an address or name of the loopback interface. */
export function isLoopbackName(name: string): boolean {
  return /^(.+\.)?localhost\.?$/i.test(name) || isLoopbackAddress(bare(name));
}

function isLoopbackAddress(address = ''): boolean {
  const family = isIP(address);
  return family !== 0 && LOOPBACK.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

/** Returns true for a request that a browser sends for a page of another origin without naming it: an image, a script. */
function isFromOtherPage({ 'sec-fetch-site': site, 'sec-fetch-mode': mode }: IncomingHttpHeaders): boolean {
  return (site === 'cross-site' || site === 'same-site') && mode !== 'navigate';
}

/** The name in a `Host` header, in lower case and without a port; undefined without the header. */
function hostNameOf(host: string | undefined): string | undefined {
  if (host === undefined) return undefined;
  return URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname : host;
}

/** An IPv6 address without its brackets. */
function bare(name: string): string {
  return name.replace(/^\[(.*)\]$/, '$1');
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 200));
}

function refuse(why: string, origin: string): HttpError {
  return new HttpError(403, `${why}: its operator allows it with --allow-origin ${quote(origin.slice(0, 200))}`);
}
