// Messages that wait on this side: the highest priority first, and in the order of coming within one.

import type { IncomingMessage } from './incoming-message.ts';

/** Orders waiting messages: the highest priority first, then the one that came first. */
export class MessageQueue {
  readonly #lanes: IncomingMessage[][] = [[], [], [], []];

  get size(): number {
    return this.#lanes.reduce((sum, lane) => sum + lane.length, 0);
  }

  push(message: IncomingMessage): void {
    // Priorities are 1 to 4; whatever else were to come would count as the lowest.
    (this.#lanes[message.priority - 1] ?? this.#lanes[0])?.push(message);
  }

  /** The next message that was not taken back meanwhile. */
  shift(): IncomingMessage | undefined {
    for (let at = this.#lanes.length - 1; at >= 0; at--) {
      const lane = this.#lanes[at] ?? [];
      for (let message = lane.shift(); message; message = lane.shift()) if (message.isOpen) return message;
    }
    return undefined;
  }

  /** What waits now, in order. What was taken back or settled where it waited is let go. */
  peek(): IncomingMessage[] {
    for (const lane of this.#lanes) {
      const open = lane.filter(message => message.isOpen);
      if (open.length < lane.length) lane.splice(0, lane.length, ...open);
    }
    return this.#lanes.toReversed().flat();
  }

  /** Takes out all that wait. */
  drain(): IncomingMessage[] {
    const all: IncomingMessage[] = [];
    for (let message = this.shift(); message; message = this.shift()) all.push(message);
    return all;
  }
}
