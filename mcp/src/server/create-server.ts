// The MCP server of one connection or one HTTP request: tools, prompts and resources over an agent session.

import {
  CLIENT_CAPABILITIES_META_KEY,
  McpServer,
  type Implementation,
  type ServerContext,
} from '@modelcontextprotocol/server';
import * as z from 'zod';
import type { AgentSession } from '../agent/agent-session.ts';
import { hookTool } from '../hook/hook-tool.ts';
import { toolsOf, type Profile } from '../tools/index.ts';
import { callTool, type Tool, type ToolCall } from '../tools/tool.ts';
import { VERSION } from '../version.ts';
import { advertisedSchema } from './advertised-schema.ts';
import { instructionsFor } from './instructions.ts';
import { addPrompts } from './prompts.ts';
import { addResources } from './resources.ts';

/** Facts of a request that may name the session. */
export interface RequestFacts {
  /** The name that the client reports of itself. */
  readonly clientName: string | undefined;
  /** The thread or session of the client, if it reports one. */
  readonly sessionId: string | undefined;
}

/** The parts of a server. */
export interface ServerParts {
  /** The session of a request; the same one for all requests of an agent. */
  readonly sessionOf: (facts: RequestFacts) => AgentSession;
  readonly profile: Profile;
  /** The name of the agent, if it is known before the first request. */
  readonly agentName: string | undefined;
  /** True for programs that run beside the client: hooks of it may call the hidden tool. */
  readonly hasHookTool: boolean;
  /** Called when a tool begins; the result is called when it has ended. */
  readonly onCall?: ((facts: RequestFacts) => () => void) | undefined;
  /** Called when a client reads a resource that changes with the hub. */
  readonly follow: () => Promise<void>;
  /** Adds further tools, prompts and resources, behind the same entry. */
  readonly extend?: ((server: McpServer) => void) | undefined;
}

/** Creates a server. Cheap: everything costly is made once per process. */
export function createServer(parts: ServerParts): McpServer {
  const server = new McpServer(
    { name: 'agora', title: 'Agora', version: VERSION },
    {
      instructions: instructionsFor(parts.agentName),
      // The lists never change.
      capabilities: {
        tools: { listChanged: false },
        prompts: { listChanged: false },
        resources: { listChanged: false, subscribe: true },
      },
    },
  );
  for (const tool of toolsOf(parts.profile)) addTool(server, tool, parts);
  if (parts.hasHookTool) addTool(server, hookTool, parts);
  addPrompts(server);
  addResources(server, () => parts.sessionOf(factsOf(server, undefined)), parts.follow);
  parts.extend?.(server);
  return server;
}

const SCHEMAS = new WeakMap<Tool, { readonly input: Advertised; readonly output: Advertised }>();
type Advertised = ReturnType<typeof advertisedSchema>;

function schemasOf(tool: Tool) {
  let schemas = SCHEMAS.get(tool);
  if (!schemas) {
    schemas = { input: advertisedSchema(tool.input, 'input'), output: advertisedSchema(tool.output, 'output') };
    SCHEMAS.set(tool, schemas);
  }
  return schemas;
}

function addTool(server: McpServer, tool: Tool, { sessionOf, onCall }: ServerParts): void {
  const { name, description, annotations, isAlwaysLoaded, isHidden } = tool;
  const { input, output } = schemasOf(tool);
  const meta = {
    ...(isAlwaysLoaded && { 'anthropic/alwaysLoad': true }),
    ...(isHidden && { ui: { visibility: ['app'] } }),
  };
  const hasMeta = Object.keys(meta).length > 0;
  const config = { description, inputSchema: input, annotations, ...(hasMeta && { _meta: meta }) };
  if (isHidden) {
    // The text of its result is the output of a hook, so it has no structured content.
    server.registerTool(name, config, async (given, context) => {
      const value = await tool.run(sessionOf(factsOf(server, context)), given, NO_CALL);
      return { content: [{ type: 'text', text: JSON.stringify(value) }] };
    });
    return;
  }
  server.registerTool(name, { ...config, outputSchema: output }, async (given, context) => {
    const facts = factsOf(server, context);
    const ended = onCall?.(facts);
    try {
      return await callTool(tool, sessionOf(facts), given, context, canAskUser(server, context));
    } finally {
      ended?.();
    }
  });
}

const NO_CALL: ToolCall = {
  signal: new AbortController().signal,
  hasProgress: false,
  progress: () => undefined,
  onDelivered: () => undefined,
  askUser: () => ({ kind: 'unavailable' }),
};

const Capabilities = z.looseObject({ [CLIENT_CAPABILITIES_META_KEY]: z.looseObject({}).optional() });

/** In the 2026 revisions each request lists what the client can do; before, the connection does. */
function canAskUser({ server }: McpServer, { mcpReq }: ServerContext): boolean {
  const given = Capabilities.parse(mcpReq.envelope ?? {})[CLIENT_CAPABILITIES_META_KEY];
  return 'elicitation' in (given ?? server.getClientCapabilities() ?? {});
}

/** In the 2026 revisions each request names its client; before, the connection does. Codex reports its thread with each call. */
function factsOf({ server }: McpServer, context: ServerContext | undefined): RequestFacts {
  const meta: Readonly<Record<string, unknown>> = context?.mcpReq._meta ?? {};
  const { threadId } = meta;
  const info: Implementation | undefined = server.getClientVersion();
  return { clientName: info?.name, sessionId: typeof threadId === 'string' ? threadId : undefined };
}
