// A hook as a process: it reads the event of the client, looks into the inbox without taking mail, and prints what the model
// should know. It is silent in every case of doubt: no hub, no agent, bad input.
//
// I1  It ends within its time limit, also when the hub does not answer.
// I2  Each message is announced at most once a session.

import { connect } from 'node:net';
import type { AgoraClientOptions } from '@agora/client';
import * as z from 'zod';
import { agentNameOf, type Environment } from '../agent/agent-name.ts';
import { AnnouncedIds } from './announced-ids.ts';
import { hookOutput, momentOf, type HookClientName } from './hook-output.ts';
import { isUrgent, type WaitingMail } from './hook-words.ts';

/** The facts that a hook runs with. */
export interface HookRun {
  readonly client: HookClientName;
  readonly event: string;
  /** The JSON that the client has written to standard input; may be empty. */
  readonly input: string;
  readonly environment: Environment;
  readonly cwd: string;
  readonly server: string;
  readonly options: AgoraClientOptions;
  /** The folder of the user's own files. Default as for tokens. */
  readonly home?: string | undefined;
}

/** A hub on this machine answers within a few milliseconds; another one has this long. */
const REACH_WITHIN_MS = 200;
const LOOK_WITHIN_MS = 3_000;
const PEEK = 64;

const Input = z.looseObject({
  session_id: z.string().optional(),
  conversation_id: z.string().optional(),
  cwd: z.string().optional(),
  stop_hook_active: z.union([z.boolean(), z.string()]).optional(),
  loop_count: z.number().optional(),
});
type Input = z.output<typeof Input>;

/** The output of the hook; undefined for silence. Never throws. */
export async function runHook(run: HookRun): Promise<object | undefined> {
  const moment = momentOf(run.client, run.event);
  const input = parseInput(run.input);
  if (moment === undefined || !input) return undefined;
  // At the end of a prolonged turn there is nothing to decide.
  const isGoingOn = String(input.stop_hook_active) === 'true' || (input.loop_count ?? 0) > 0;
  if (moment === 'stop' && isGoingOn) return undefined;
  const name = agentNameOf({
    environment: run.environment,
    cwd: input.cwd ?? run.cwd,
    clientName: run.client,
    sessionId: input.session_id ?? input.conversation_id,
  });
  // The client is loaded only if something listens, since loading it takes longer than finding that out.
  if (!(await isReachable(run.server))) return undefined;
  const { agoraHome } = await import('@agora/client/node');
  const announced = new AnnouncedIds(run.home ?? agoraHome(), `${run.server} ${name}`);
  if (moment === 'start') await announced.clear();
  const known = await announced.read();
  const waiting = (await look(run, name)).filter(({ id }) => !known.has(id));
  const output = hookOutput(run.client, run.event, waiting, isGoingOn);
  if (!output) return undefined;
  await announced.add(waiting.filter(mail => moment !== 'tool' || isUrgent(mail)).map(({ id }) => id));
  return output;
}

function parseInput(text: string): Input | undefined {
  try {
    return Input.parse(text.trim() === '' ? {} : JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** The waiting mail; none if it cannot be known in time. */
async function look(run: HookRun, name: string): Promise<WaitingMail[]> {
  const { AgoraClient } = await import('@agora/client');
  const client = new AgoraClient(name, { ...run.options, server: run.server });
  client.on('warning', () => undefined);
  const timer = setTimeout(() => void client.close(), LOOK_WITHIN_MS);
  try {
    await client.connect();
    await client.resumeAgent({ receives: false });
    const { messages } = await client.peekInbox({ limit: PEEK });
    return messages.map(({ id, inReplyTo, kind, priority }) => ({
      id: isDuty(kind) ? id : (inReplyTo ?? id),
      priority,
    }));
  } catch {
    // No such agent yet, another owner, or a lost connection.
    return [];
  } finally {
    clearTimeout(timer);
    await client.close();
  }
}

function isDuty(kind: string): boolean {
  return ['message', 'ask', 'task', 'broadcast'].includes(kind);
}

function isReachable(server: string): Promise<boolean> {
  const { hostname, port, protocol } = new URL(server);
  const isSecure = protocol === 'https:' || protocol === 'wss:';
  return new Promise(resolve => {
    const socket = connect({
      host: hostname.replace(/^\[|\]$/g, ''),
      port: Number(port) || (isSecure ? 443 : 80),
      timeout: REACH_WITHIN_MS,
    });
    const end = (isOpen: boolean) => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
    socket.once('timeout', () => end(false));
  });
}
