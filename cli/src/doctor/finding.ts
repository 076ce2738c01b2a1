// Findings of `agora doctor`, and the state that its checks share.

import type { CommandContext } from '../command/command-context.ts';

/** The result of one check. */
export interface Finding {
  readonly check: string;
  /** `skipped`: the check needs another fault to be fixed first. */
  readonly verdict: 'ok' | 'warning' | 'fault' | 'skipped';
  readonly detail: string;
  /** How to fix it. */
  readonly fix?: string | undefined;
}

/** The set-up under check; earlier checks record what later ones need. */
export interface Setup {
  readonly context: CommandContext;
  /** A server answers at the address. */
  isReachable: boolean;
  /** The server has the database. */
  hasDatabase: boolean;
}

/** The check passed. */
export function ok(check: string, detail: string): Finding {
  return { check, verdict: 'ok', detail };
}

/** The check found a problem that does not prevent work. */
export function warning(check: string, detail: string, fix?: string): Finding {
  return { check, verdict: 'warning', detail, fix };
}

/** The check found a problem that must be fixed. */
export function fault(check: string, detail: string, fix: string): Finding {
  return { check, verdict: 'fault', detail, fix };
}

/** The check was not possible. */
export function skipped(check: string, detail: string): Finding {
  return { check, verdict: 'skipped', detail };
}
