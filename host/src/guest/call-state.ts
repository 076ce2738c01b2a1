// Shared state of the system calls of one realm: the running function, its tables, and the last error.

import type { Datastore } from '../datastore/datastore.ts';
import { type Table, type Index } from '../datastore/table.ts';
import type { Transaction } from '../datastore/transaction.ts';
import { HostError, messageOf } from '../errors.ts';
import type { Activation } from './activation.ts';
import { GuestMemory, MemoryFault } from './guest-memory.ts';
import { BUFFER_TOO_SMALL, FAILED, FATAL } from './host-side.ts';
import { RowIterators } from './iterators.ts';

/** The host's state of the system calls; see host-side.ts. */
export class CallState {
  readonly memory = new GuestMemory();
  readonly iterators = new RowIterators();
  datastore: Datastore | undefined;
  running: Activation | undefined;
  /** The error that ended the running call, which fails even if the module catches it. */
  fatal: string | undefined;
  errno = 0;
  reason = '';
  neededBytes = 0;

  /** Records why a call failed that has written nothing. */
  fail(cause: unknown): typeof FAILED {
    // A lookup that ran out of stack changed nothing: the module may continue, as after any stack overflow.
    if (isStackOverflow(cause)) throw cause;
    return this.failWrite(cause);
  }

  /** Records why a write failed. An unnumbered error may have left a partial write, so the call must fail. */
  failWrite(cause: unknown): typeof FAILED {
    if (cause instanceof MemoryFault || (cause instanceof HostError && cause.errno !== undefined)) {
      this.errno = cause.errno ?? FATAL;
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
  /** The transaction for reads. */
  tx(): Transaction {
    const { tx } = this.activation();
    if (!tx) throw new HostError('call/not-in-transaction');
    return tx;
  }
  /** The transaction for writes. */
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
