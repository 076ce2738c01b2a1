// What an examination finds, and what the examinations know of each other's results.

import type { Context } from '../command/command-context.ts';

/** One thing that was looked at. */
export interface Finding {
  readonly check: string;
  /** `skipped`: it cannot be looked at before something else is mended. */
  readonly verdict: 'ok' | 'warning' | 'fault' | 'skipped';
  readonly detail: string;
  /** What mends it. */
  readonly fix?: string | undefined;
}

/** The set-up, and what was found out about it so far. */
export interface Patient {
  readonly context: Context;
  /** Something answers at the address. */
  isReachable: boolean;
  /** It has the database. */
  hasDatabase: boolean;
}

export function ok(check: string, detail: string): Finding {
  return { check, verdict: 'ok', detail };
}

export function warning(check: string, detail: string, fix?: string): Finding {
  return { check, verdict: 'warning', detail, fix };
}

export function fault(check: string, detail: string, fix: string): Finding {
  return { check, verdict: 'fault', detail, fix };
}

export function skipped(check: string, detail: string): Finding {
  return { check, verdict: 'skipped', detail };
}
