// Addresses of pages, in the fragment: permanent below any path of a proxy, and the hub needs no routes for them.

import { useSyncExternalStore } from 'react';

/** A page and its filters. */
export interface Route {
  readonly path: readonly string[];
  readonly query: URLSearchParams;
}

let cached: { readonly hash: string; readonly route: Route } | undefined;

/** The current route. */
export function currentRoute(): Route {
  const { hash } = location;
  if (cached?.hash !== hash) cached = { hash, route: parseHash(hash) };
  return cached.route;
}

export function parseHash(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  return { path: path.split('/').filter(Boolean).map(decode), query: new URLSearchParams(query) };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The address of a page. Empty filters are left out. */
export function href(path: readonly string[], query: Readonly<Record<string, string | undefined>> = {}): string {
  const filled = Object.entries(query).filter((entry): entry is [string, string] => (entry[1] ?? '') !== '');
  const text = new URLSearchParams(filled).toString();
  return `#/${path.map(encodeURIComponent).join('/')}${text === '' ? '' : `?${text}`}`;
}

export function navigate(address: string): void {
  location.hash = address;
}

/** Changes filters of the current page in place, without an entry in the history. */
export function setQuery(changes: Readonly<Record<string, string | undefined>>): void {
  const { path, query } = currentRoute();
  history.replaceState(null, '', href(path, { ...Object.fromEntries(query), ...changes }));
  dispatchEvent(new HashChangeEvent('hashchange'));
}

function onRoute(listener: () => void): () => void {
  addEventListener('hashchange', listener);
  return () => removeEventListener('hashchange', listener);
}

export function useRoute(): Route {
  return useSyncExternalStore(onRoute, currentRoute);
}

/** A filter of the page that is kept in its address. */
export function useFilter(name: string, initial = ''): readonly [string, (value: string) => void] {
  const { query } = useRoute();
  return [query.get(name) ?? initial, value => setQuery({ [name]: value === initial ? undefined : value })];
}
