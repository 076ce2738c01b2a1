// Entry point of MCP over streamable HTTP: a route for the port of a hub. The server is loaded with the first request, so that
// a hub without MCP clients starts as fast as before.

import type { McpServer } from '@modelcontextprotocol/server';
import type { HttpSessions } from '../server/http-sessions.ts';

/** How the route finds its hub. */
export interface McpRouteOptions {
  /** The address of the hub, by which the route is a client of it. */
  readonly server: string;
  readonly database: string;
  /** Time without requests after which the session of an agent ends. Default 15 minutes. */
  readonly idleMs?: number | undefined;
  /** Adds tools, prompts and resources behind the same entry, for tests of conformance. */
  readonly extend?: ((server: McpServer) => void) | undefined;
}

/** The caller of a request, by its token. */
export interface McpCaller {
  readonly identity: bigint;
  readonly token: string;
}

/** A route as a host mounts it. */
export interface McpRoute {
  readonly path: '/mcp';
  readonly maxBodyBytes: number;
  readonly handle: (
    request: Request,
    context: { readonly authenticate: () => Promise<McpCaller | undefined> },
  ) => Promise<Response>;
  readonly close: () => Promise<void>;
}

const MAX_BODY_BYTES = 4 * 1024 * 1024;

/**
 * The route `/mcp`: stateless, for all protocol revisions. A request needs a bearer token of the hub. The agent is named by the
 * query parameter `agent` or the header `x-agora-agent`, which belong to the configuration of the client; by default each
 * identity has one agent.
 */
export function createMcpRoute(options: McpRouteOptions): McpRoute {
  let sessions: Promise<HttpSessions> | undefined;
  let isClosed = false;
  return {
    path: '/mcp',
    maxBodyBytes: MAX_BODY_BYTES,
    async handle(request, { authenticate }) {
      const caller = await authenticate();
      if (!caller) return unauthorized();
      if (isClosed) return new Response(null, { status: 503 });
      sessions ??= import('../server/http-sessions.ts').then(module => new module.HttpSessions(options));
      return (await sessions).answer(request, caller);
    },
    async close() {
      isClosed = true;
      await (await sessions)?.close();
    },
  };
}

function unauthorized(): Response {
  const message = 'This hub needs a token: send it as "Authorization: Bearer TOKEN". `agora mcp token` shows yours.';
  return Response.json(
    { jsonrpc: '2.0', error: { code: -32_001, message }, id: null },
    { status: 401, headers: { 'www-authenticate': 'Bearer realm="agora"' } },
  );
}
