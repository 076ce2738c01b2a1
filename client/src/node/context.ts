// What Node.js knows about the function that runs right now, and about what else the program has installed.

import { AsyncLocalStorage } from 'node:async_hooks';
import type { Scope } from '../base/scope.ts';

/** What is handled right now. */
export function openScope<T>(): Scope<T> {
  return new AsyncLocalStorage<T>();
}

let found: Promise<unknown> | undefined;

/** The API of OpenTelemetry, if the program has it. Looked for once a process. */
export function findOpenTelemetry(): Promise<unknown> {
  found ??= import('@opentelemetry/api').catch(() => undefined);
  return found;
}
