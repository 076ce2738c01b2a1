// A hook as a process: it reads the event of the client, looks into the inbox without taking mail, and prints what the model
// should know. It is silent in every case of doubt: no hub, no agent, bad input.
//
// I1  It ends within its time limit, also when the hub does not answer.
// I2  Each message is announced at most once a session.
// I3  A waker ends with the process that started it, and when a newer waker of its session starts. A session that ends with its turn
//     has none: it would wait for its waker.

import type { AgoraClient, AgoraClientOptions } from '@agora/client';
import * as z from 'zod';
import { agentNameOf, type Environment } from '../agent/agent-name.ts';
import { AnnouncedIds, sessionKey } from '../agent/announced-ids.ts';
import { isAttended } from '../agent/is-attended.ts';
import { followMail } from './follow-mail.ts';
import { announcedBy, hookOutput, momentOf, WAKE, type HookClientName } from './hook-output.ts';
import { mailSentence, type WaitingMail } from './hook-words.ts';
import { isReachable, openLooker, peekMail } from './look.ts';

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
  readonly signal: AbortSignal;
  /** Returns true once the process that started the hook has ended. */
  readonly isOrphaned: () => boolean;
}

/** The result of a hook: JSON for the client, or a sentence that wakes the model. */
export type HookResult = { readonly output: object } | { readonly wake: string };

const LOOK_WITHIN_MS = 3_000;

const Input = z.looseObject({
  session_id: z.string().optional(),
  conversation_id: z.string().optional(),
  cwd: z.string().optional(),
  stop_hook_active: z.union([z.boolean(), z.string()]).optional(),
  loop_count: z.number().optional(),
});
type Input = z.output<typeof Input>;

/** Runs a hook; undefined for silence. Never throws. */
export async function runHook(run: HookRun): Promise<HookResult | undefined> {
  const input = parseInput(run.input);
  const isWaker = run.client === 'claude' && run.event === WAKE;
  if (isWaker && !isAttended(run.environment)) return undefined;
  if (!input || (!isWaker && momentOf(run.client, run.event) === undefined)) return undefined;
  try {
    if (!(await isReachable(run.server))) return undefined;
    const name = agentNameOf({
      environment: run.environment,
      cwd: input.cwd ?? run.cwd,
      clientName: run.client,
      sessionId: input.session_id ?? input.conversation_id,
    });
    const { agoraHome } = await import('@agora/client/node');
    const announced = new AnnouncedIds(run.home ?? agoraHome(), sessionKey(run.server, name));
    return isWaker ? await waitToWake(run, name, announced) : await lookOnce(run, input, name, announced);
  } catch {
    // No such agent yet, another owner, or a lost connection.
    return undefined;
  }
}

function parseInput(text: string): Input | undefined {
  try {
    return Input.parse(text.trim() === '' ? {} : JSON.parse(text));
  } catch {
    return undefined;
  }
}

async function lookOnce(
  run: HookRun,
  input: Input,
  name: string,
  announced: AnnouncedIds,
): Promise<HookResult | undefined> {
  const moment = momentOf(run.client, run.event);
  // At the end of a prolonged turn there is nothing to decide.
  const isGoingOn = String(input.stop_hook_active) === 'true' || (input.loop_count ?? 0) > 0;
  if (moment === 'stop' && isGoingOn) return undefined;
  if (moment === 'start') await announced.clear();
  const known = await announced.read();
  const waiting = (await look(run, name)).filter(({ id }) => !known.has(id));
  const output = hookOutput(run.client, run.event, waiting, isGoingOn);
  if (!output) return undefined;
  await announced.add(announcedBy(run.client, run.event, waiting));
  return { output };
}

/** The waiting mail; none if the agent does not exist yet, or in case of doubt. */
async function look({ options, server }: HookRun, name: string): Promise<WaitingMail[]> {
  const limit = { connectTimeoutMs: LOOK_WITHIN_MS, callTimeoutMs: LOOK_WITHIN_MS };
  let client: AgoraClient | undefined;
  try {
    client = await openLooker(name, { ...options, ...limit, server });
    return await peekMail(client);
  } catch {
    return [];
  } finally {
    await client?.close();
  }
}

/** Waits beside an idle session until there is mail that it does not know. */
async function waitToWake(run: HookRun, name: string, announced: AnnouncedIds): Promise<HookResult | undefined> {
  const own = await announced.takeTurn();
  await using client = await openLooker(name, { ...run.options, server: run.server });
  const isOver = async () => run.isOrphaned() || !(await announced.hasTurn(own));
  for await (const mail of followMail({ client, signal: run.signal, isOver })) {
    const known = await announced.read();
    const fresh = mail.filter(({ id }) => !known.has(id));
    if (fresh.length === 0) continue;
    await announced.add(fresh.map(({ id }) => id));
    return { wake: mailSentence(fresh) };
  }
  return undefined;
}
