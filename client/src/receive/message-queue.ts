// Priority queue of received messages.

import type { IncomingMessage } from './incoming-message.ts';

/** Orders messages by priority, then by arrival. */
export class MessageQueue {
  readonly #lanes: IncomingMessage[][] = [[], [], [], []];

  get size(): number {
    return this.#lanes.reduce((sum, lane) => sum + lane.length, 0);
  }

  push(message: IncomingMessage): void {
    // Priorities are 1 to 4; any other counts as the lowest.
    (this.#lanes[message.priority - 1] ?? this.#lanes[0])?.push(message);
  }

  /** Removes and returns the next message that was not taken back. */
  shift(): IncomingMessage | undefined {
    for (let at = this.#lanes.length - 1; at >= 0; at--) {
      const lane = this.#lanes[at] ?? [];
      for (let message = lane.shift(); message; message = lane.shift()) if (message.isOpen) return message;
    }
    return undefined;
  }

  /** Returns the waiting messages in order, without those that were taken back or settled. */
  peek(): IncomingMessage[] {
    for (const lane of this.#lanes) {
      const open = lane.filter(message => message.isOpen);
      if (open.length < lane.length) lane.splice(0, lane.length, ...open);
    }
    return this.#lanes.toReversed().flat();
  }

  /** Removes and returns all waiting messages. */
  drain(): IncomingMessage[] {
    const all: IncomingMessage[] = [];
    for (let message = this.shift(); message; message = this.shift()) all.push(message);
    return all;
  }
}
