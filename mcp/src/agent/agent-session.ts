// One agent on the hub, and its mail, for as long as the process (or the HTTP session) lives.
//
// I1  The connection opens with the first use, and again with the next one after it has ended. A process that a client starts
//     only to list its tools never attaches to the agent, so it takes no mail from the process that serves it.
// I2  What the hub offers is held, and its lease renewed, until it is settled or the session closes. Closing hands it back.
// I3  Notices are acknowledged after they were read, so an answer survives the end of the process.

import {
  AgoraClient,
  type AgoraClientOptions,
  AgoraError,
  type IncomingMessage,
  type PendingAnswer,
} from '@agora/client';
import { Mailbox } from '../mail/mailbox.ts';
import type { AnnouncedIds } from './announced-ids.ts';

/** How a session finds the hub and its agent. */
export interface AgentSessionOptions {
  readonly name: string;
  /** True if the name was chosen in the configuration: then no other name is tried. */
  readonly isNameChosen: boolean;
  readonly client?: AgoraClientOptions | undefined;
  readonly capabilities?: readonly string[] | undefined;
  /** True if a program wakes the model when mail arrives, so it need not wait for mail. */
  readonly isWoken?: boolean | undefined;
  /** The announced ids of an agent, which its hooks share. */
  readonly announced?: ((name: string) => AnnouncedIds) | undefined;
}

/** Replies to an agent that asked back, which continues the ask. */
export type Reply = (data: unknown) => PendingAnswer;

/** A delivery is held for longer than any model works on it; the longest time that timers can hold. */
const HOLD_MS = 2 ** 31 - 1;
/** A model works on few messages at a time; the rest stays at the hub for other agents of a work queue. */
const CREDIT = 16;
/** More than an agent can be offered, broadcasts included. */
const CONCURRENCY = 4_096;
const MAX_WARNINGS = 8;
const AGENT_TYPE = 'coding-agent';
/** Steps of workflows go only to subscriptions that name their type. */
const STEP_TYPE = 'task_assignment';

/** The agent of one coding session. */
export class AgentSession implements AsyncDisposable {
  readonly mailbox = new Mailbox({
    acknowledge: async notice => this.#client?.acknowledgeNotice(notice),
    shown: ids => void this.announced?.add(ids),
  });
  readonly warnings: string[] = [];
  readonly #replies = new Map<string, Reply>();
  readonly #options: AgentSessionOptions;
  #name: string;
  #announced: AnnouncedIds | undefined;
  #client: AgoraClient | undefined;
  #opening: Promise<AgoraClient> | undefined;
  #isClosed = false;

  constructor(options: AgentSessionOptions) {
    this.#options = options;
    this.#name = options.name;
  }

  /** The name of the agent. */
  get name(): string {
    return this.#name;
  }

  /** The ids that the model knows of, which hooks do not announce again. */
  get announced(): AnnouncedIds | undefined {
    this.#announced ??= this.#options.announced?.(this.#name);
    return this.#announced;
  }

  /** The client, once it has connected. */
  get connected(): AgoraClient | undefined {
    return this.#client;
  }

  get isWoken(): boolean {
    return this.#options.isWoken ?? false;
  }

  /** The connected client of the registered agent. Throws what `connect` and `registerAgent` throw. */
  open(): Promise<AgoraClient> {
    if (this.#isClosed) return Promise.reject(new AgoraError('client/closed', 'the session has ended'));
    if (this.#client?.state === 'closed') this.#opening = undefined;
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  /** Keeps the way to reply to an agent that asked back. */
  keepReply(ask: string, reply: Reply): void {
    this.#replies.set(ask, reply);
  }

  /** The way to reply to the agent that asked back about `ask`. */
  takeReply(ask: string): Reply | undefined {
    const reply = this.#replies.get(ask);
    this.#replies.delete(ask);
    return reply;
  }

  /** Closes the session; the hub offers what it held again. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const client = await this.#opening?.catch(() => undefined);
    await client?.close({ drainMs: 0 });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #open(): Promise<AgoraClient> {
    const { isNameChosen, name } = this.#options;
    try {
      return await this.#connect(this.#name);
    } catch (error) {
      const isTaken = error instanceof AgoraError && ['agent/not-yours', 'agent/name-taken'].includes(error.code);
      if (isNameChosen || !isTaken) throw error;
      // Another user has a project of this name.
      this.#name = `${name.slice(0, 50)}-${crypto.randomUUID().slice(0, 6)}`;
      return this.#connect(this.#name);
    }
  }

  async #connect(name: string): Promise<AgoraClient> {
    const client = new AgoraClient(name, { ...this.#options.client, handlerTimeoutMs: HOLD_MS });
    client.on('warning', ({ code, message }) => this.#warn(`${message} (${code})`));
    client.on('notice', notice => this.mailbox.keep(notice));
    try {
      await client.connect();
      const handler = (message: IncomingMessage) => this.mailbox.hold(message);
      await client.subscribeToMessages({ concurrency: CONCURRENCY, handler });
      await client.subscribeToMessages({ concurrency: CONCURRENCY, handler, filters: { messageTypes: [STEP_TYPE] } });
      await this.#takeUp(client);
    } catch (error) {
      await client.close({ drainMs: 0 });
      throw error;
    }
    this.#client = client;
    return client;
  }

  async #takeUp(client: AgoraClient): Promise<void> {
    try {
      await client.resumeAgent({ keepsNotices: true, ifServed: 'share' });
    } catch (error) {
      if (!(error instanceof AgoraError) || error.code !== 'agent/unknown') throw error;
      const { capabilities = [] } = this.#options;
      await client.registerAgent({ agentType: AGENT_TYPE, capabilities, credit: CREDIT }, { keepsNotices: true });
    }
  }

  #warn(sentence: string): void {
    this.warnings.push(sentence);
    if (this.warnings.length > MAX_WARNINGS) this.warnings.shift();
  }
}
