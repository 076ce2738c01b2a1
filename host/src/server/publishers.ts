// Who may publish, reset, name, lock and delete databases over HTTP. A published module runs as code in the process of the
// host, so by default only the local owner may.

import { identityToHex } from '../sats/hex.ts';
import { HttpError, type KnownExchange } from './exchange.ts';

/**
 * Who may publish besides the local owner: no other caller (`owner`); programs on this machine without a proxy (`local`); all
 * callers (`anyone`).
 */
export type AllowPublish = 'owner' | 'local' | 'anyone';

/** The choices, the safest first. */
export const ALLOW_PUBLISH: readonly AllowPublish[] = ['owner', 'local', 'anyone'];

/** Checks that a caller may manage databases. That it owns the database is checked separately. */
export class Publishers {
  readonly #allowed: AllowPublish;
  readonly #owner: bigint;

  /** `owner` is the identity of the local owner. */
  constructor(allowed: AllowPublish, owner: bigint) {
    this.#allowed = allowed;
    this.#owner = owner;
  }

  /** Throws `HttpError` unless the caller may publish. Pages of other origins are refused before (`WebAccess`). */
  check({ credentials, isLocal, headers }: KnownExchange): void {
    if (this.#allowed === 'anyone' || credentials.identity === this.#owner) return;
    if (this.#allowed === 'local' && isLocal && headers.origin === undefined) return;
    const others = this.#allowed === 'local' ? ', or a program on its machine' : '';
    const wayOut = 'its token is in keys/owner-token of the data folder; see --allow-publish';
    throw new HttpError(
      403,
      `${identityToHex(credentials.identity)} may not publish here: only the owner of this host does${others} (${wayOut})`,
    );
  }
}

/** A warning for the operator about a choice that is not safe; undefined for `owner`. */
export function publishWarning(allowed: AllowPublish): string | undefined {
  const who = { owner: undefined, local: 'every program on this machine', anyone: 'everyone who can connect' }[allowed];
  return (
    who && `warning: ${who} may publish modules, which can run any code in this process (--allow-publish ${allowed})`
  );
}
