// The route `/` of a hub: the page, and the exchange of sign-in codes. The page reads and acts through the routes of the hub.

import { type PageFile, readPageFiles } from './files.ts';
import { SignInCodes } from './sign-in-codes.ts';

/** Options of the route. */
export interface DashboardOptions {
  /** The database that the page connects to. */
  readonly database: string;
}

/** The caller of a request, by its token. */
export interface DashboardCaller {
  readonly token: string;
}

/** A route as a host mounts it. */
export interface DashboardRoute {
  readonly path: '/';
  readonly methods: readonly string[];
  readonly maxBodyBytes: number;
  readonly handle: (
    request: Request,
    context: { readonly authenticate: () => Promise<DashboardCaller | undefined> },
  ) => Promise<Response>;
}

/** A body is at most one code. */
const MAX_BODY_BYTES = 1_024;

/** Scripts and styles of the page only; no script may be made from text (Trusted Types), and no page may frame it. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const SAFE_HEADERS = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=()',
};

/**
 * The route of the dashboard. `GET /` is the page, below `/assets/` are its files. `POST /sign-in/code` with a bearer token
 * returns a one-time code; `POST /sign-in` exchanges it for that token.
 */
export function createDashboardRoute({ database }: DashboardOptions): DashboardRoute {
  const codes = new SignInCodes();
  let files: ReturnType<typeof readPageFiles> | undefined;
  return {
    path: '/',
    methods: ['GET', 'POST'],
    maxBodyBytes: MAX_BODY_BYTES,
    async handle(request, { authenticate }) {
      const path = pathOf(request);
      if (request.method === 'POST') {
        if (path === '/sign-in/code') {
          const caller = await authenticate();
          return caller ? answer(200, { code: codes.issue(caller.token) }) : answer(401, { code: 'sign-in/no-token' });
        }
        if (path !== '/sign-in') return answer(404, { code: 'sign-in/unknown-path' });
        const token = codes.exchange(await request.text());
        return token === undefined ? answer(403, { code: 'sign-in/code-ended' }) : answer(200, { token });
      }
      files ??= readPageFiles();
      const built = await files;
      if (!built) {
        files = undefined;
        return text(503, 'The dashboard is not built; run `npm start` or `pnpm build`.');
      }
      const file = built.get(path === '/' ? '/index.html' : path);
      if (!file || path === '/index.html') return text(404, 'Not found');
      return path === '/' ? page(file, database) : asset(file, path, request);
    },
  };
}

/** A target such as `//[` is a path for the host, but no URL. */
function pathOf(request: Request): string {
  return URL.parse(request.url)?.pathname ?? '';
}

/** The page is checked with each visit, and has the name of its database. */
function page(file: PageFile, database: string): Response {
  const html = Buffer.from(file.plain).toString('utf8');
  const named = html.replace(
    'name="agora-database" content="agora"',
    () => `name="agora-database" content="${escapeText(database)}"`,
  );
  return new Response(named, { headers: { ...SAFE_HEADERS, 'content-type': file.type, 'cache-control': 'no-cache' } });
}

/** A file below `/assets/` has the hash of its content in its name, so it never changes. */
function asset(file: PageFile, path: string, request: Request): Response {
  const isGzip = /\bgzip\b/.test(request.headers.get('accept-encoding') ?? '');
  return new Response(isGzip ? file.gzipped : file.plain, {
    headers: {
      ...SAFE_HEADERS,
      'content-type': file.type,
      'cache-control': path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'public, max-age=3600',
      vary: 'accept-encoding',
      ...(isGzip && { 'content-encoding': 'gzip' }),
    },
  });
}

function answer(status: number, body: object): Response {
  return Response.json(body, { status, headers: { ...SAFE_HEADERS, 'cache-control': 'no-store' } });
}

function text(status: number, body: string): Response {
  return new Response(body, { status, headers: { ...SAFE_HEADERS, 'cache-control': 'no-store' } });
}

function escapeText(value: string): string {
  return value.replace(/[^A-Za-z0-9_-]/g, character => `&#${character.codePointAt(0) ?? 0};`);
}
