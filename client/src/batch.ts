// Acts that stand or fall together: one call, one transaction, never merged with others.

import { LIMITS } from '@agora/module/contract';
import type { Act, Acts } from './acts.ts';
import { AgoraError } from './errors.ts';
import type { Events, OutgoingEvent } from './events.ts';
import type { IncomingMessage } from './incoming-message.ts';
import { ANSWER, toJson } from './json.ts';
import type { ForwardOptions, Messages, OutgoingMessage } from './messages.ts';

/** One thing of a batch. */
export type BatchAct =
  | ({ readonly do: 'send' } & OutgoingMessage)
  | ({ readonly do: 'publish' } & OutgoingEvent)
  | ({ readonly do: 'forward'; readonly message: IncomingMessage | string } & ForwardOptions)
  | { readonly do: 'cancel'; readonly messageId: string; readonly reason?: string }
  | { readonly do: 'acknowledge'; readonly message: IncomingMessage }
  | { readonly do: 'respond'; readonly message: IncomingMessage; readonly data: unknown }
  | { readonly do: 'respondError'; readonly message: IncomingMessage; readonly error: string }
  | { readonly do: 'fail'; readonly message: IncomingMessage; readonly reason: string; readonly retry?: boolean };

/** What a batch needs of its client. */
export interface BatchParts {
  readonly acts: Acts;
  readonly messages: Messages;
  readonly events: Events;
}

/** Performs all or nothing, and returns the id of every message that was sent and event that was published, in order. */
export function performBatch(parts: BatchParts, batch: readonly BatchAct[]): Promise<readonly string[]> {
  const ids: string[] = [];
  const settled: IncomingMessage[] = [];
  const reopen = () => settled.forEach(message => message.reopen());
  return new Promise((resolve, reject) => {
    if (batch.length === 0) throw new AgoraError('call/empty', 'the batch is empty');
    if (batch.length > LIMITS.acts) {
      throw new AgoraError(
        'call/too-many-acts',
        `${batch.length} acts were given; ${LIMITS.acts} are allowed in a batch`,
      );
    }
    try {
      const acts = batch.map(each => actOf(parts, each, ids, settled));
      parts.acts.performBatch(acts, error => {
        if (error) {
          reopen();
          reject(error);
        } else resolve(ids);
      });
    } catch (error) {
      reopen();
      throw error;
    }
  });
}

function actOf({ messages, events }: BatchParts, each: BatchAct, ids: string[], settled: IncomingMessage[]): Act {
  switch (each.do) {
    case 'send': {
      const act = messages.actOf(each, 0);
      ids.push(act.value.id);
      return act;
    }
    case 'forward': {
      const act = messages.forwardOf(each.message, each);
      ids.push(act.value.id);
      return act;
    }
    case 'cancel':
      return messages.cancelOf(each.messageId, each.reason ?? '');
    case 'publish': {
      const act = events.actOf(each);
      ids.push(act.value.id);
      return act;
    }
    case 'acknowledge':
      return settle(each.message, settled, message => message.settleInBatch(duty => duty.acknowledge()));
    case 'respond': {
      const output = toJson(each.data ?? null, ANSWER);
      return settle(each.message, settled, message => message.settleInBatch(duty => duty.finish(output)));
    }
    case 'respondError':
      return settle(each.message, settled, message => message.settleInBatch(duty => duty.respondError(each.error)));
    case 'fail':
      return settle(each.message, settled, message =>
        message.settleInBatch(duty => duty.fail(each.reason, each.retry ?? true)),
      );
  }
}

function settle(message: IncomingMessage, settled: IncomingMessage[], act: (message: IncomingMessage) => Act): Act {
  const made = act(message);
  settled.push(message);
  return made;
}
