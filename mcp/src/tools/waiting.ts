// Bounds of waiting calls, which follow the measured time limits of the clients.

import type { ToolCall } from './tool.ts';

/** Clients end a call without progress after 60 s, so it waits less. */
export const MAX_SILENT_WAIT_S = 50;
/** The hard limit of Codex is 300 s, with or without progress. */
export const MAX_WAIT_S = 240;
export const DEFAULT_WAIT_S = 45;
/** The first progress comes immediately: it ends the limit of 60 s for the first byte. */
const PROGRESS_EVERY_MS = 10_000;

/** How long a call may wait, in milliseconds. */
export function waitMs(wanted_s: number, call: ToolCall): number {
  return Math.min(wanted_s, call.hasProgress ? MAX_WAIT_S : MAX_SILENT_WAIT_S) * 1_000;
}

/** Reports progress while `waiting` is pending. */
export async function withProgress<Value>(call: ToolCall, message: string, waiting: Promise<Value>): Promise<Value> {
  call.progress(message);
  const timer = setInterval(() => call.progress(message), PROGRESS_EVERY_MS);
  try {
    return await waiting;
  } finally {
    clearInterval(timer);
  }
}
