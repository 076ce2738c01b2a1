// What the system calls of one realm share: who runs, on which tables, and why the last call failed.

import type { Datastore } from '../datastore/datastore.ts';
import { type Table, type Index } from '../datastore/table.ts';
import type { Transaction } from '../datastore/transaction.ts';
import { HostError, messageOf } from '../errors.ts';
import type { Activation } from './activation.ts';
import { GuestMemory } from './guest-memory.ts';
import { BUFFER_TOO_SMALL, FAILED, FATAL } from './host-side.ts';
import { RowIterators } from './iterators.ts';

/** The state behind the door; see host-side.ts. */
export class CallState {
  readonly memory = new GuestMemory();
  readonly iterators = new RowIterators();
  datastore: Datastore | undefined;
  running: Activation | undefined;
  /** What ended the running call, if the module must not go on: it fails even if the module catches this. */
  fatal: string | undefined;
  errno = 0;
  reason = '';
  neededBytes = 0;

  /** Says why a call failed that has written nothing. */
  fail(cause: unknown): typeof FAILED {
    // A look-up that ran out of stack changed nothing: the module may go on, as after any recursion too deep.
    if (isStackOverflow(cause)) throw cause;
    return this.failWrite(cause);
  }

  /** Says why a write failed. What has no number may have been left half done, so the call must not succeed. */
  failWrite(cause: unknown): typeof FAILED {
    if (cause instanceof HostError && cause.errno !== undefined) {
      this.errno = cause.errno;
      this.reason = cause.message;
    } else {
      this.errno = FATAL;
      this.reason = messageOf(cause);
      this.fatal ??= this.reason;
    }
    return FAILED;
  }

  failForSpace(neededBytes: number): typeof FAILED {
    this.errno = BUFFER_TOO_SMALL;
    this.neededBytes = neededBytes;
    return FAILED;
  }

  /** The running function. */
  activation(): Activation {
    if (this.running) return this.running;
    throw new HostError('call/host-failure', 'cannot call this function during module initialization');
  }
  /** The transaction to read in. */
  tx(): Transaction {
    const { tx } = this.activation();
    if (!tx) throw new HostError('call/not-in-transaction');
    return tx;
  }
  /** The transaction to write in. */
  writable(): Transaction {
    const tx = this.tx();
    if (this.running?.reads) throw new HostError('call/read-only');
    return tx;
  }
  table(id: number): Table {
    const table = this.datastore?.table(id);
    if (!table) throw new HostError('table/unknown');
    return table;
  }
  index(id: number): Index {
    const index = this.datastore?.index(id);
    if (!index) throw new HostError('index/unknown');
    return index;
  }
}

function isStackOverflow(cause: unknown): boolean {
  return cause instanceof RangeError && cause.message === 'Maximum call stack size exceeded';
}
