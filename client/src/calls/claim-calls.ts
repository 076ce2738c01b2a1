// Calls about claims.

import { performUntil, type WaitOptions } from '../base/waiting.ts';
import type { ClaimFilter, ClaimInfo } from '../claims/claim-info.ts';
import type { ClaimLock } from '../claims/claim-lock.ts';
import type { ClaimOptions } from '../claims/claims.ts';
import type { ClaimTarget } from '../claims/resources.ts';
import { partsOf } from './client-base.ts';
import { checkWatch } from './known-options.ts';
import { WorkflowCalls } from './workflow-calls.ts';

/** Claims resources, and shows claims. */
export abstract class ClaimCalls<Types> extends WorkflowCalls<Types> {
  /**
   * Claims paths, patterns of paths or names: all of them, or none. With `timeoutMs`, waits in a fair queue. The client extends
   * the claim until it is released; `signal` of the lock aborts if it is lost.
   *
   * Throws `claim/held` with each holder, `claim/timed-out`, `claim/deadlock`, `claim/queue-full`, `claim/too-broad`,
   * `claim/too-many`, `claim/bad-resource`, `claim/bad-time`.
   *
   * @example
   * ```ts
   * await using lock = await client.claim(['src/**', { name: 'deploy' }], { timeoutMs: 60_000, note: 'renames' });
   * console.log(lock.number);
   * ```
   */
  claim(targets: ClaimTarget | readonly ClaimTarget[], options: ClaimOptions = {}): Promise<ClaimLock> {
    return partsOf(this).claims.claim(targets, options);
  }

  /** Releases a claim of this agent by its id, also one of another process. Idempotent. Throws `agent/not-yours`. */
  releaseClaim(id: string, options: WaitOptions = {}): Promise<void> {
    return performUntil(options, () => partsOf(this).claims.release(id));
  }

  /**
   * Returns matching claims of all agents, held ones first. With `on`, 256 at most.
   *
   * @example
   * ```ts
   * for (const { agent, note } of await client.claims({ on: 'src/**' })) console.log(agent, note);
   * ```
   */
  claims(filter: ClaimFilter = {}, options: WaitOptions = {}): Promise<ClaimInfo[]> {
    return performUntil(options, () => partsOf(this).claims.find(filter));
  }

  /**
   * Yields matching claims immediately, and again after each change. Changes between two turns of the loop are merged.
   *
   * @example
   * ```ts
   * for await (const claims of client.watchClaims({ on: 'docs/**' })) console.log(claims.length);
   * ```
   */
  watchClaims(
    filter: ClaimFilter = {},
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): AsyncGenerator<readonly ClaimInfo[], void> {
    checkWatch(options);
    return partsOf(this).claims.watch(filter, options.signal);
  }
}
