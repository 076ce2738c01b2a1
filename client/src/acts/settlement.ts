// The acts that settle a received message, by its kind.

import { textOf } from '../base/errors.ts';
import { createId } from '../base/create-id.ts';
import type { Act } from './acts.ts';

/** Makes the acts that settle one message. */
export interface Settlement {
  /** Finishes the message without an answer. */
  acknowledge(): Act;
  /** Finishes the message with the return value of the handler, as JSON. */
  finish(output: string): Act;
  respondError(error: string): Act;
  fail(reason: string, retry: boolean): Act;
  extend(ms: number): Act | undefined;
  /** Reports progress; undefined if no answer is expected. `number` counts up from 1; `data` is JSON. */
  progress(number: number, data: string): Act | undefined;
  /** Asks the asker back (JSON); undefined if no answer is expected. */
  requireInput(question: string): Act | undefined;
}

/** Settles a delivery: a message, an ask, or the step of a workflow. */
export class DeliverySettlement implements Settlement {
  readonly delivery: bigint;
  readonly attempt: number;
  readonly kind: string;

  constructor(delivery: bigint, attempt: number, kind: string) {
    this.delivery = delivery;
    this.attempt = attempt;
    this.kind = kind;
  }

  acknowledge(): Act {
    return { tag: 'Acknowledge', value: { delivery: this.delivery, attempt: this.attempt } };
  }

  finish(output: string): Act {
    const { delivery, attempt } = this;
    switch (this.kind) {
      case 'ask':
        return {
          tag: 'Respond',
          value: { delivery, attempt, id: createId(), status: 'success', data: output, error: '' },
        };
      case 'task':
        return { tag: 'FinishStep', value: { delivery, attempt, output } };
      default:
        return this.acknowledge();
    }
  }

  respondError(given: string): Act {
    const { delivery, attempt } = this;
    const error = textOf(given); // plain JavaScript may pass anything
    switch (this.kind) {
      case 'ask':
        return { tag: 'Respond', value: { delivery, attempt, id: createId(), status: 'error', data: '', error } };
      case 'task':
        return { tag: 'FailStep', value: { delivery, attempt, error, retry: false } };
      default:
        return this.fail(error, false);
    }
  }

  fail(given: string, retry: boolean): Act {
    const { delivery, attempt } = this;
    const reason = textOf(given);
    return this.kind === 'task'
      ? { tag: 'FailStep', value: { delivery, attempt, error: reason, retry } }
      : { tag: 'Fail', value: { delivery, attempt, reason, retry } };
  }

  extend(ms: number): Act {
    return { tag: 'Extend', value: { delivery: this.delivery, attempt: this.attempt, ms } };
  }

  progress(number: number, data: string): Act | undefined {
    const { delivery, attempt } = this;
    return this.kind === 'ask' ? { tag: 'Progress', value: { delivery, attempt, number, data } } : undefined;
  }

  requireInput(question: string): Act | undefined {
    const { delivery, attempt } = this;
    if (this.kind !== 'ask') return undefined;
    const value = { delivery, attempt, id: createId(), status: 'input_required', data: question, error: '' };
    return { tag: 'Respond', value };
  }
}

/** Settles a broadcast: no answer is expected; the hub stores the cursor of each agent, and its failures. */
export class BroadcastSettlement implements Settlement {
  readonly agent: bigint;
  readonly seq: bigint;
  readonly attempt: number;

  constructor(agent: bigint, seq: bigint, attempt: number) {
    this.agent = agent;
    this.seq = seq;
    this.attempt = attempt;
  }

  acknowledge(): Act {
    return { tag: 'AcknowledgeBroadcast', value: { agent: this.agent, seq: this.seq } };
  }

  finish(): Act {
    return this.acknowledge();
  }

  respondError(error: string): Act {
    return this.fail(error, false);
  }

  fail(given: string, retry: boolean): Act {
    const { agent, seq, attempt } = this;
    const reason = textOf(given);
    return { tag: 'FailBroadcast', value: { agent, seq, attempt, reason, retry } };
  }

  extend(): undefined {
    return undefined;
  }

  progress(): undefined {
    return undefined;
  }

  requireInput(): undefined {
    return undefined;
  }
}
