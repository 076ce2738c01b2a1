// The server over standard input and output: one process, one agent, for one session of a coding agent.
//
// I1  The process ends with its input, with `signal`, or when its output is closed; then all held mail is handed back.
// I2  It attaches to the agent at the first call of the model, or a moment after its start if the name is known: a client that
//     starts it only to list the tools ends it before.

import type { Readable, Writable } from 'node:stream';
import type { AgoraClientOptions } from '@agora/client';
import { agoraHome } from '@agora/client/node';
import type { McpServer, ProtocolEra } from '@modelcontextprotocol/server';
import { serveStdio as serve, StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { agentNameOf, isNameKnown, type Environment } from '../agent/agent-name.ts';
import { AnnouncedIds, sessionKey } from '../agent/announced-ids.ts';
import { AgentSession } from '../agent/agent-session.ts';
import { isAttended } from '../agent/is-attended.ts';
import { CodexWaker } from '../hook/codex-waker.ts';
import type { Profile } from '../tools/index.ts';
import { createServer, type RequestFacts } from './create-server.ts';
import { ResourceChanges } from './resource-changes.ts';

/** Options of the server over standard input and output. */
export interface StdioOptions {
  readonly environment: Environment;
  readonly cwd: string;
  readonly stdin: Readable;
  readonly stdout: NodeJS.WritableStream;
  /** Ends the server. */
  readonly signal: AbortSignal;
  readonly client?: AgoraClientOptions | undefined;
  /** The name of the agent, if the configuration has one. */
  readonly agent?: string | undefined;
  readonly log?: ((sentence: string) => void) | undefined;
  /** Adds tools, for tests of conformance. */
  readonly extend?: ((server: McpServer) => void) | undefined;
}

const ATTACH_AFTER_MS = 3_000;
const MAX_SUBSCRIBED = 1_024;
/** How long the end may take: the client ends the process soon after. */
const CLOSE_WITHIN_MS = 5_000;

/** Serves MCP until the input ends or `signal` aborts. */
export async function serveStdio(options: StdioOptions): Promise<void> {
  const { stdin, stdout, signal, log = () => undefined } = options;
  const environment =
    options.agent === undefined ? options.environment : { ...options.environment, AGORA_AGENT: options.agent };
  const sessions = new LazySession(environment, options);
  const ended = endOf(stdin, stdout, signal);
  const handle = serve(
    ({ era }) => {
      const server = createServer({
        sessionOf: facts => sessions.get(facts),
        profile: profileOf(environment),
        agentName: sessions.knownName,
        hasHookTool: true,
        onCall: facts => sessions.called(facts, log),
        follow: () => sessions.follow(),
        extend: options.extend,
      });
      sessions.notify = resourceNotifier(server, era, log);
      return server;
    },
    // The transport writes, and listens to events, which every stream of Node.js can.
    { transport: new StdioServerTransport(stdin, stdout as Writable), onerror: error => log(error.message) },
  );
  const timer = sessions.knownName === undefined ? undefined : setTimeout(() => sessions.attach(log), ATTACH_AFTER_MS);
  await ended;
  clearTimeout(timer);
  await Promise.race([
    Promise.all([handle.close(), sessions.close()]),
    new Promise(resolve => setTimeout(resolve, CLOSE_WITHIN_MS).unref()),
  ]);
}

/** Sends changes of resources: by the subscriptions of the SDK, or of the client in the revisions of 2025. */
function resourceNotifier({ server }: McpServer, era: ProtocolEra, log: (sentence: string) => void) {
  const subscribed = new Set<string>();
  if (era === 'legacy') {
    server.setRequestHandler('resources/subscribe', ({ params }) => {
      if (subscribed.size < MAX_SUBSCRIBED) subscribed.add(params.uri);
      return {};
    });
    server.setRequestHandler('resources/unsubscribe', ({ params }) => {
      subscribed.delete(params.uri);
      return {};
    });
  }
  return (uri: string) => {
    if (era === 'legacy' && !subscribed.has(uri)) return;
    server.sendResourceUpdated({ uri }).catch((error: unknown) => log(String(error)));
  };
}

/** The one session of the process, which is named by its first request. */
class LazySession {
  readonly knownName: string | undefined;
  /** Reports a changed resource to the client. */
  notify: (uri: string) => void = () => undefined;
  #changes: ResourceChanges | undefined;
  #waker: CodexWaker | undefined;
  readonly #environment: Environment;
  readonly #options: StdioOptions;
  #session: AgentSession | undefined;

  constructor(environment: Environment, options: StdioOptions) {
    this.#environment = environment;
    this.#options = options;
    this.knownName = isNameKnown(environment) ? agentNameOf({ environment, cwd: options.cwd }) : undefined;
  }

  get({ clientName, sessionId }: RequestFacts): AgentSession {
    if (this.#session) return this.#session;
    const environment = this.#environment;
    const { cwd, client } = this.#options;
    this.#session = new AgentSession({
      name: agentNameOf({ environment, cwd, clientName, sessionId }),
      isNameChosen: Boolean(environment['AGORA_AGENT']),
      client,
      capabilities: listOf(environment['AGORA_CAPABILITIES']),
      isWoken: environment['AGORA_MCP_WOKEN'] === '1' && isAttended(environment),
      announced: name => new AnnouncedIds(agoraHome(), sessionKey(client?.server ?? '', name)),
    });
    this.#changes = new ResourceChanges(this.#session, uri => this.notify(uri));
    return this.#session;
  }

  /** Notes a call of the model, for the waker. */
  called(facts: RequestFacts, log: (sentence: string) => void): () => void {
    if (this.#environment['AGORA_MCP_WAKE'] !== 'codex') return () => undefined;
    this.#waker ??= new CodexWaker({ session: this.get(facts), log });
    return this.#waker.called(facts.sessionId);
  }

  async follow(): Promise<void> {
    await this.#changes?.follow();
  }

  attach(log: (sentence: string) => void): void {
    const session = this.get({ clientName: undefined, sessionId: undefined });
    // Without a hub the first call reports it.
    session.open().catch((error: unknown) => log(String(error)));
  }

  async close(): Promise<void> {
    this.#waker?.[Symbol.dispose]();
    await this.#session?.close();
  }
}

function endOf(stdin: Readable, stdout: NodeJS.WritableStream, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const end = () => resolve();
    if (signal.aborted) return end();
    signal.addEventListener('abort', end, { once: true });
    for (const name of ['end', 'close', 'error']) stdin.once(name, end);
    for (const name of ['close', 'error']) stdout.once(name, end);
  });
}

/** `AGORA_MCP_TOOLS`: `core` for messaging only. */
function profileOf(environment: Environment): Profile {
  return environment['AGORA_MCP_TOOLS'] === 'core' ? 'core' : 'all';
}

function listOf(text: string | undefined): string[] {
  return (text ?? '').split(/[\s,]+/).filter(word => word !== '');
}
