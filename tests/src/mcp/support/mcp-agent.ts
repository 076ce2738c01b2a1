// An MCP client over standard input and output: the official one, with a real `agora mcp` process behind it.

import { fileURLToPath } from 'node:url';
import { Client, type ElicitRequest, type ElicitResult } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';

const MAIN = fileURLToPath(new URL('../../../../cli/src/main.ts', import.meta.url));

/** How an MCP agent is started. */
export interface McpAgentOptions {
  readonly server: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Which protocol era the client speaks. Default the newest that both speak. */
  readonly mode?: 'auto' | 'legacy';
  /** The user of the client, who answers questions. */
  readonly user?: (params: ElicitRequest['params']) => ElicitResult;
}

/** The answer of a tool. */
export interface ToolAnswer {
  readonly isError: boolean;
  readonly text: string;
  readonly value: Readonly<Record<string, unknown>>;
}

/** A running `agora mcp` process, and a client of it. */
export class McpAgent implements AsyncDisposable {
  readonly client: Client;
  readonly transport: StdioClientTransport;

  constructor(client: Client, transport: StdioClientTransport) {
    this.client = client;
    this.transport = transport;
  }

  get pid(): number {
    return this.transport.pid ?? 0;
  }

  /** Calls a tool. */
  async call(name: string, args: Readonly<Record<string, unknown>> = {}, signal?: AbortSignal): Promise<ToolAnswer> {
    const result = await this.client.callTool(
      { name, arguments: { ...args } },
      { signal, onprogress: () => undefined, resetTimeoutOnProgress: true },
    );
    const [first] = result.content;
    return {
      isError: result.isError === true,
      text: first?.type === 'text' ? first.text : '',
      value: (result.structuredContent ?? {}) as Record<string, unknown>, // an object, as the protocol says
    };
  }

  /** Ends the connection as clients do: closes the input of the process. */
  close(): Promise<void> {
    return this.client.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Starts `agora mcp` as the agent `name`. */
export async function startMcpAgent(name: string, options: McpAgentOptions): Promise<McpAgent> {
  const { server, environment = {}, mode = 'auto', user } = options;
  const client = new Client(
    { name: 'test-client', version: '1.0.0' },
    { versionNegotiation: { mode }, capabilities: user ? { elicitation: { form: {} } } : {} },
  );
  if (user) client.setRequestHandler('elicitation/create', ({ params }) => user(params));
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [MAIN, 'mcp'],
    env: { ...inherited(), AGORA_SERVER: server, AGORA_AGENT: name, ...environment },
    stderr: 'pipe',
  });
  await client.connect(transport);
  return new McpAgent(client, transport);
}

function inherited(): Record<string, string> {
  const entries = Object.entries(process.env).filter((each): each is [string, string] => each[1] !== undefined);
  return Object.fromEntries(entries);
}
