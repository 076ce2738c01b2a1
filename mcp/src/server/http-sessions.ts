// Agents of MCP clients over HTTP. Requests are stateless: a session is found again by the caller's identity and the name of the
// agent, and ends some time after its last request. Until then it holds the mail that it was offered.

import { AGENT_NAME } from '@agora/module/contract';
import { createMcpHandler, type McpHttpHandler, type McpServer } from '@modelcontextprotocol/server';
import { AgentSession } from '../agent/agent-session.ts';
import { createServer } from './create-server.ts';
import { ResourceChanges } from './resource-changes.ts';

/** The hub of the sessions. */
export interface HttpSessionsOptions {
  readonly server: string;
  readonly database: string;
  /** Time without requests after which a session ends. Default 15 minutes. */
  readonly idleMs?: number | undefined;
  /** Adds tools, for tests of conformance. */
  readonly extend?: ((server: McpServer) => void) | undefined;
}

/** The verified caller of a request. */
interface Caller {
  readonly identity: bigint;
  readonly token: string;
}

interface Entry {
  readonly session: AgentSession;
  readonly handler: McpHttpHandler;
  running: number;
  usedAt: number;
}

/** A model may think for minutes between two calls. */
const IDLE_MS = 15 * 60_000;
/** A session ends at most this share of the idle time late. */
const CHECKS = 15;
const MAX_SESSIONS = 1_000;

/** The sessions of one hub. */
export class HttpSessions {
  readonly #options: HttpSessionsOptions;
  readonly #idleMs: number;
  readonly #entries = new Map<string, Entry>();
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(options: HttpSessionsOptions) {
    this.#options = options;
    this.#idleMs = options.idleMs ?? IDLE_MS;
    this.#timer = setInterval(() => this.#endIdle(), this.#idleMs / CHECKS);
    this.#timer.unref();
  }

  /** Answers a request of a caller. */
  async answer(request: Request, caller: Caller): Promise<Response> {
    const name = nameOf(request, caller);
    if (name === undefined) return refusal(400, 'The name of an agent has 1-64 letters, digits, _ . and -.');
    const entry = this.#entryOf(name, caller);
    if (!entry) return refusal(503, 'The hub has too many MCP sessions; try later.');
    entry.running++;
    entry.usedAt = Date.now();
    // The verified identity chose the session; the handler needs to know no more of it.
    const response = await entry.handler.fetch(request).finally(() => entry.running--);
    return response;
  }

  /** Ends all sessions; the hub offers what they held again. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    await Promise.all(entries.map(endEntry));
  }

  #entryOf(name: string, { identity, token }: Caller): Entry | undefined {
    const key = `${identity.toString(16)} ${name}`;
    const known = this.#entries.get(key);
    if (known) return known;
    if (this.#entries.size >= MAX_SESSIONS) return undefined;
    const { server, database, extend } = this.#options;
    const session = new AgentSession({ name, isNameChosen: true, client: { server, database, token } });
    const changes = new ResourceChanges(session, uri => handler.notify.resourceUpdated(uri));
    const parts = {
      sessionOf: () => session,
      profile: 'all',
      agentName: name,
      hasHookTool: false,
      follow: () => changes.follow(),
      extend,
    } as const;
    const handler = createMcpHandler(() => createServer(parts));
    const entry: Entry = { session, handler, running: 0, usedAt: Date.now() };
    this.#entries.set(key, entry);
    return entry;
  }

  #endIdle(): void {
    for (const [key, entry] of this.#entries) {
      if (entry.running > 0 || Date.now() - entry.usedAt < this.#idleMs) continue;
      this.#entries.delete(key);
      void endEntry(entry);
    }
  }
}

async function endEntry({ session, handler }: Entry): Promise<void> {
  await Promise.all([handler.close(), session.close()]);
}

/** The name in the client's configuration, else one by the identity; undefined for an invalid name. */
function nameOf({ url, headers }: Request, { identity }: Caller): string | undefined {
  const given = new URL(url).searchParams.get('agent') ?? headers.get('x-agora-agent');
  if (given === null) return `mcp-${identity.toString(16).padStart(64, '0').slice(-8)}`;
  return AGENT_NAME.test(given) ? given : undefined;
}

function refusal(status: number, message: string): Response {
  return Response.json({ jsonrpc: '2.0', error: { code: -32_000, message }, id: null }, { status });
}
