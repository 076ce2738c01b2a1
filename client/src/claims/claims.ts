// Claims of this client's agent, and those of all agents.

import type { DbConnection } from '@agora/bindings';
import { LIMITS } from '@agora/module/contract';
import type { Act, Acts } from '../acts/acts.ts';
import { ChangeLoops } from '../base/change-loops.ts';
import { createId } from '../base/create-id.ts';
import { AgoraError, ConnectionError, TimeoutError } from '../base/errors.ts';
import { isObject } from '../base/is-object.ts';
import { checkKeys, type Keys } from '../base/known-keys.ts';
import { reasonOf, type WaitOptions } from '../base/waiting.ts';
import type { Connection } from '../connection/connection.ts';
import { LiveQuery } from '../connection/live-query.ts';
import { claimInfo, inOrder, matcherOf, type ClaimFilter, type ClaimInfo, type ClaimRow } from './claim-info.ts';
import { HeldClaim, type ClaimLock } from './claim-lock.ts';
import { resourcesOf, type ClaimTarget } from './resources.ts';

/** Options of a claim. */
export interface ClaimOptions extends WaitOptions {
  /** How long to wait in the queue for other claims to end, at most 24 h. Default 0: refused with `claim/held`. */
  readonly timeoutMs?: number | undefined;
  /** True if other shared claims may have the same resources. Default false. */
  readonly shared?: boolean | undefined;
  /** The reason, which other agents see. */
  readonly note?: string | undefined;
  /** After this time without an extension the hub frees the claim. Default 60 s; the client extends it automatically. */
  readonly leaseMs?: number | undefined;
  /** True if the claim outlives this client: it ends with its lease, or by `releaseClaim`. Default false. */
  readonly isKept?: boolean | undefined;
}

const OPTIONS: Keys<ClaimOptions> = {
  timeoutMs: true,
  shared: true,
  note: true,
  leaseMs: true,
  isKept: true,
  signal: true,
};

/** The parts of the client that claims need. */
export interface ClaimParts {
  readonly connection: Connection;
  readonly acts: Pick<Acts, 'perform'>;
  readonly agent: () => bigint;
}

/** A claim of this client that is requested, held or waits. */
interface Own {
  /** Called with the row when it appears or changes, and with undefined when it has disappeared. */
  readonly seen: (row: ClaimRow | undefined) => void;
  lock?: HeldClaim;
  /** True once the hub has had it: then a missing row is its end. */
  isKnown: boolean;
}

/** Claims resources, keeps them, and shows the claims of all agents. */
export class Claims {
  readonly #parts: ClaimParts;
  readonly #own = new Map<string, Own>();
  readonly #mine: LiveQuery;
  readonly #all: LiveQuery;
  readonly #loops = new ChangeLoops();

  constructor(name: string, parts: ClaimParts) {
    this.#parts = parts;
    const { connection } = parts;
    this.#mine = new LiveQuery(connection, {
      // The name was checked, so it needs no escaping.
      query: `SELECT * FROM claim WHERE name = '${name}'`,
      listen: db => {
        db.db.claim.onInsert((_, row) => this.#own.get(row.id)?.seen(row));
        db.db.claim.onUpdate((_, _old, row) => this.#own.get(row.id)?.seen(row));
        db.db.claim.onDelete((_, row) => this.#own.get(row.id)?.seen(undefined));
      },
      applied: db => this.#compare(db),
    });
    const changed = () => this.#loops.changed();
    this.#all = new LiveQuery(connection, {
      query: 'SELECT * FROM claim',
      listen: db => {
        db.db.claim.onInsert(changed);
        db.db.claim.onUpdate(changed);
        db.db.claim.onDelete(changed);
      },
      applied: changed,
    });
    connection.onLost(error => {
      for (const { lock } of [...this.#own.values()]) {
        if (connection.state === 'closed') lock?.lose(error.message);
        else lock?.disconnected();
      }
      if (connection.state === 'closed') this.#loops.end(error);
      else this.#loops.changed();
    });
  }

  async claim(targets: ClaimTarget | readonly ClaimTarget[], options: ClaimOptions = {}): Promise<ClaimLock> {
    checkKeys('the options of a claim', options, OPTIONS);
    const { timeoutMs = 0, shared = false, note = '', leaseMs = LIMITS.leaseMs, isKept = false, signal } = options;
    signal?.throwIfAborted();
    const agent = this.#parts.agent();
    await this.#mine.open();
    const id = createId();
    const resources = resourcesOf(targets);
    const waitMs = millisOf('timeoutMs', timeoutMs);
    const act: Act = {
      tag: 'Claim',
      value: { id, agent, resources, shared, leaseMs: millisOf('leaseMs', leaseMs), waitMs, note },
    };
    return new Promise((resolve, reject) => {
      const sentAt = performance.now();
      const end = () => signal?.removeEventListener('abort', aborted);
      const fail = (error: Error) => {
        end();
        this.#own.delete(id);
        reject(error);
      };
      const aborted = () => {
        // The hub may have it already, or accept it later.
        this.#release(id).catch(() => undefined);
        fail(reasonOf(signal));
      };
      const own: Own = {
        isKnown: false,
        seen: row => {
          if (row) own.isKnown = true;
          if (!row && own.lock) return own.lock.lose('its lease ended, or an operator has broken it');
          if (!row) return fail(notInTime(timeoutMs, sentAt));
          if (row.state !== 'held' || own.lock) return;
          end();
          own.lock = new HeldClaim({ id, number: Number(row.number), resources }, { leaseMs, isKept }, this.#holder);
          resolve(own.lock);
        },
      };
      this.#own.set(id, own);
      signal?.addEventListener('abort', aborted, { once: true });
      this.#parts.acts.perform(act, error => {
        if (!this.#own.has(id)) return;
        if (!error) {
          own.isKnown = true;
          return;
        }
        if (error instanceof ConnectionError || error instanceof TimeoutError) this.#release(id).catch(() => undefined);
        fail(error);
      });
    });
  }

  /** Releases a claim of this agent by its id, also one of another process. */
  release(id: string): Promise<void> {
    return this.#own.get(id)?.lock?.release() ?? this.#release(id);
  }

  /** Returns matching claims of all agents: held ones first, each in the order of the requests. */
  async find(filter: ClaimFilter): Promise<ClaimInfo[]> {
    const isWanted = matcherOf(filter);
    if (filter.on !== undefined) {
      const resources = resourcesOf(filter.on);
      // The index of the hub finds these; the client need not have all claims.
      const rows = await this.#parts.connection.call('claims_on', db =>
        db.procedures.claimsOn({ resources, limit: LIMITS.page }),
      );
      return rows.filter(isWanted).map(claimInfo);
    }
    await this.#all.open();
    const session = await this.#parts.connection.ready();
    return rowsOf(session.db, isWanted);
  }

  /** Yields matching claims, and again after each change of any claim, until the client is closed or `signal` aborts. */
  watch(filter: ClaimFilter, signal?: AbortSignal): AsyncGenerator<readonly ClaimInfo[], void> {
    const isWanted = matcherOf(filter);
    const find = async () => {
      await this.#all.open();
      return rowsOf((await this.#parts.connection.ready()).db, isWanted);
    };
    return this.#loops.watch(find, signal);
  }

  /** Releases the claims of a client that closes. */
  close(): void {
    for (const [id, { lock }] of [...this.#own])
      if (!lock?.isKept) void (lock?.release() ?? this.#release(id)).catch(() => undefined);
  }

  /** Returns true for the payload of a notice that a claim of this client was granted. */
  isAwaited(payload: unknown): boolean {
    return isObject(payload) && 'until' in payload && this.#own.has(String(payload['claim']));
  }

  readonly #holder = {
    extend: (claim: string, ms: number) => this.#perform({ tag: 'ExtendClaim', value: { claim, ms } }),
    release: (id: string) => this.#release(id),
    ended: (id: string) => void this.#own.delete(id),
  };

  #release(claim: string): Promise<void> {
    return this.#perform({ tag: 'ReleaseClaim', value: { claim } }, { kept: true });
  }

  #perform(act: Act, options?: { readonly kept: boolean }): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#parts.acts.perform(act, error => (error ? reject(error) : resolve()), options);
    });
  }

  /** Compares own claims with those of the hub after a reconnect. */
  #compare(db: DbConnection): void {
    for (const [id, own] of [...this.#own]) {
      const row = db.db.claim.id.find(id);
      if (row) {
        own.lock?.reconnected();
        own.seen(row);
      } else if (own.isKnown) own.seen(undefined);
    }
  }
}

function rowsOf(db: DbConnection, isWanted: (row: ClaimRow) => boolean): ClaimInfo[] {
  const rows: ClaimRow[] = [];
  for (const row of db.db.claim.iter()) if (isWanted(row)) rows.push(row);
  return rows.sort(inOrder).map(claimInfo);
}

function notInTime(timeoutMs: number, sentAt: number): AgoraError {
  return performance.now() - sentAt < timeoutMs
    ? new AgoraError('claim/lost', 'the claim was ended while it waited')
    : new TimeoutError('claim/timed-out', `the resources were not free within ${timeoutMs} ms`);
}

function millisOf(option: string, ms: number): number {
  if (Number.isInteger(ms) && ms >= 0 && ms < 2 ** 32) return ms;
  throw new AgoraError('client/bad-option', `${option} is a whole number of milliseconds, not ${ms}`);
}
