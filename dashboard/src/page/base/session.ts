// The token of this tab: from a one-time code in the fragment, kept until the tab closes or its user signs out.

const KEY = 'agora.token';

/** The folder of the page, with a slash at its end: also below a path of a proxy. */
export const BASE = new URL('.', location.href.split('#')[0]);

export function storedToken(): string | undefined {
  return sessionStorage.getItem(KEY) ?? undefined;
}

export function storeToken(token: string | undefined): void {
  if (token === undefined) sessionStorage.removeItem(KEY);
  else sessionStorage.setItem(KEY, token);
}

/** Takes a code out of the address, before anything else reads it; the entry in the history is replaced. */
export function takeCode(): string | undefined {
  const [, code, page = ''] = /^#sign-in=([\w-]{16,64})(?:&page=(.*))?$/.exec(location.hash) ?? [];
  if (code === undefined) return undefined;
  history.replaceState(null, '', `#/${page.replace(/^\//, '')}`);
  return code;
}

/** Exchanges a code for the token; undefined if the code has ended. */
export async function exchange(code: string): Promise<string | undefined> {
  const response = await fetch(new URL('sign-in', BASE), { method: 'POST', body: code, cache: 'no-store' });
  if (!response.ok) return undefined;
  const answer: unknown = await response.json();
  const token = typeof answer === 'object' && answer !== null && 'token' in answer ? answer.token : undefined;
  return typeof token === 'string' ? token : undefined;
}

/** The database that the hub names in the page. */
export function databaseOf(): string {
  const meta = document.querySelector<HTMLMetaElement>('meta[name="agora-database"]');
  return meta?.content ?? 'agora';
}
