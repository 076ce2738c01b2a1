// Async context of Node.js, and the OpenTelemetry API that the program has installed.

import { AsyncLocalStorage } from 'node:async_hooks';
import type { Scope } from '../base/scope.ts';

/** Opens an async context. */
export function openScope<T>(): Scope<T> {
  return new AsyncLocalStorage<T>();
}

let found: Promise<unknown> | undefined;

/** Returns the API of OpenTelemetry, if the program has it; looked up once per process. */
export function findOpenTelemetry(): Promise<unknown> {
  found ??= import('@opentelemetry/api').catch(() => undefined);
  return found;
}
