// What a coding agent pays for its tools: the same act by a tool of `agora mcp` over standard input and output, and by the client.

import { fileURLToPath } from 'node:url';
import { AgoraClient } from '@agora/client';
import { startHub, type Hub } from '@agora/hub';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import type { Contender, Measurement, Round, Size } from '../harness.ts';
import { percentile } from '../statistics.ts';

const MAIN = fileURLToPath(new URL('../../../cli/src/main.ts', import.meta.url));
/** Acts until the JavaScript engine has compiled the hot code. */
const WARM_UP = 100;
const ACTS: Readonly<Record<Size, number>> = { full: 1_000, quick: 100 };

/** The acts of one agent. */
interface Caller {
  readonly send: (n: number) => Promise<unknown>;
  readonly find: () => Promise<unknown>;
  readonly close: () => Promise<void>;
}

/** Tools of a process that a coding agent starts. */
export const tools: Contender = { name: 'tool over stdio', round: size => round(size, openTools) };

/** The client in the caller's process. */
export const client: Contender = { name: 'client', round: size => round(size, openClient) };

async function round(size: Size, open: (hub: Hub) => Promise<Caller>): Promise<Round> {
  const hub = await startHub();
  try {
    await using receiver = new AgoraClient('Receiver', { server: hub.url, database: hub.database, tokenStore: false });
    await receiver.connect();
    await receiver.registerAgent({ agentType: 'worker' });
    const caller = await open(hub);
    const total = WARM_UP + ACTS[size];
    const measurements = [
      ...(await timed('send a message', ACTS[size], caller.send)),
      ...(await timed('find agents', ACTS[size], caller.find)),
    ];
    await caller.close();
    const { waiting, held } = await receiver.peekInbox({ limit: 1 });
    const faults = waiting + held === total ? [] : [`${waiting + held} of ${total} messages arrived`];
    return { measurements, audited: total, faults };
  } finally {
    await hub.close();
  }
}

async function timed(metric: string, count: number, act: (n: number) => Promise<unknown>): Promise<Measurement[]> {
  const times: number[] = [];
  for (let n = 0; n < WARM_UP + count; n++) {
    const start = performance.now();
    await act(n);
    if (n >= WARM_UP) times.push(performance.now() - start);
  }
  return [0.5, 0.99].map(part => ({ metric: `${metric}, p${part * 100}`, unit: 'ms', value: percentile(times, part) }));
}

async function openClient(hub: Hub): Promise<Caller> {
  const agent = new AgoraClient('Sender', { server: hub.url, database: hub.database, tokenStore: false });
  await agent.connect();
  await agent.registerAgent({ agentType: 'worker' });
  return {
    send: n => agent.sendMessage({ to: 'Receiver', messageType: 'note', payload: { text: `message ${n}` } }),
    find: () => agent.findAgents({ name: 'Receiver' }),
    close: () => agent.close(),
  };
}

async function openTools(hub: Hub): Promise<Caller> {
  const program = new Client({ name: 'bench', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
  const inherited = Object.entries(process.env).filter((each): each is [string, string] => each[1] !== undefined);
  const env = { ...Object.fromEntries(inherited), AGORA_SERVER: hub.url, AGORA_AGENT: 'Sender' };
  await program.connect(
    new StdioClientTransport({ command: process.execPath, args: [MAIN, 'mcp'], env, stderr: 'inherit' }),
  );
  const call = async (name: string, args: Record<string, unknown>) => {
    const { isError, content } = await program.callTool({ name, arguments: args });
    if (isError) throw new Error(JSON.stringify(content));
  };
  return {
    send: n => call('send_message', { to: 'Receiver', text: `message ${n}` }),
    find: () => call('find_agents', { name: 'Receiver' }),
    close: () => program.close(),
  };
}
