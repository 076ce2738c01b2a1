// The messages that `listen --ack` leaves open.

import type { AgoraClient, IncomingMessage } from '@agora/client';
import { LIMITS } from '@agora/module/contract';
import type { CommandContext } from '../../command/command-context.ts';
import { HOLD_MS, openNote } from '../../command/held-message.ts';

/** Questions and steps that `--ack` has shown: the agent ends each by a command of its own, also after this process. */
export class OpenMessages {
  readonly #client: AgoraClient;
  readonly #credit: number;
  readonly #open = new Set<IncomingMessage>();

  /** `credit` is that of the agent without open messages. */
  constructor(client: AgoraClient, credit: number) {
    this.#client = client;
    this.#credit = credit;
  }

  /** Keeps a message open. It takes no credit from the messages after it. */
  async add(message: IncomingMessage): Promise<void> {
    this.#open.add(message);
    message.signal.addEventListener('abort', () => this.#open.delete(message), { once: true });
    await this.#client.updateAgent({ credit: Math.min(this.#credit + this.#open.size, LIMITS.maxCredit) });
  }

  /** Holds the open messages after the agent has detached. */
  async hold({ output }: CommandContext): Promise<void> {
    const open = [...this.#open].filter(message => message.isOpen);
    if (open.length === 0 || this.#client.state !== 'connected') return;
    await Promise.all(open.map(message => message.extend(HOLD_MS)));
    await this.#client.updateAgent({ credit: this.#credit });
    output.note(openNote(open, HOLD_MS));
  }
}
