// Wakes an idle Codex session: `codex queue` adds a turn to its thread, which Codex names with each tool call. Off unless the
// user asks for it, since the text arrives with the rank of the user.
//
// I1  It wakes once for a message, and only while no call runs and none has run for a time: a model at work sees its mail.
// I2  The text has the words of hooks only: counts and ids.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { AgentSession } from '../agent/agent-session.ts';
import { priorityOf } from '../mail/entry.ts';
import { mailSentence } from './hook-words.ts';

/** How an idle session is woken. */
export interface CodexWakerOptions {
  readonly session: Pick<AgentSession, 'mailbox' | 'announced'>;
  /** Time without a call after which a session counts as idle. Default 15 s. */
  readonly idleMs?: number | undefined;
  /** The program. Default `codex`, found by the search path. */
  readonly command?: string | undefined;
  readonly log: (sentence: string) => void;
}

const IDLE_MS = 15_000;
const QUEUE_WITHIN_MS = 20_000;
const MAX_WOKEN = 10_000;
const THREAD = /^\w[\w-]{0,127}$/;

const run = promisify(execFile);

/** Wakes the thread of the last call. */
export class CodexWaker implements Disposable {
  readonly #options: CodexWakerOptions;
  readonly #woken = new Set<string>();
  readonly #endWatch: () => void;
  #thread: string | undefined;
  #running = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: CodexWakerOptions) {
    this.#options = options;
    this.#endWatch = options.session.mailbox.onChange(() => this.#wakeWhenIdle());
  }

  /** Notes the start of a call; the result notes its end. */
  called(thread: string | undefined): () => void {
    if (thread !== undefined && THREAD.test(thread)) this.#thread = thread;
    this.#running++;
    return () => {
      this.#running--;
      this.#wakeWhenIdle();
    };
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#endWatch();
  }

  #wakeWhenIdle(): void {
    clearTimeout(this.#timer);
    const { idleMs = IDLE_MS, log } = this.#options;
    const wake = () => this.#wake().catch((error: unknown) => log(`Codex was not woken: ${String(error)}`));
    this.#timer = setTimeout(() => void wake(), idleMs);
    this.#timer.unref();
  }

  async #wake(): Promise<void> {
    const { session, command = 'codex' } = this.#options;
    const thread = this.#thread;
    if (this.#running > 0 || thread === undefined) return;
    const known = await session.announced?.read();
    const { mailbox } = session;
    const entries = mailbox.list().filter(entry => mailbox.isNew(entry) && known?.has(entry.id) !== true);
    const fresh = entries.filter(({ id }) => !this.#woken.has(id));
    if (fresh.length === 0) return;
    if (this.#woken.size > MAX_WOKEN) this.#woken.clear();
    for (const { id } of fresh) this.#woken.add(id);
    const mail = fresh.map(entry => ({ id: entry.id, priority: priorityOf(entry) }));
    const args = ['queue', '--thread', thread, '--message', mailSentence(mail)];
    await run(command, args, { timeout: QUEUE_WITHIN_MS });
    await session.announced?.add(fresh.map(({ id }) => id));
  }
}
