// The calls that a program may make without awaiting them. Their refusal is a warning then, and no end of the process.

import { toAgoraError } from '../base/errors.ts';
import { reported } from '../base/reported-promise.ts';
import { isPromiseLike } from '../base/waiting.ts';
import { partsOf, type ClientBase } from './client-base.ts';

type Method = (this: ClientBase, ...args: unknown[]) => unknown;

/** Replaces methods of a class of clients by ones that report an unhandled rejection, and never throw. */
export function reportUnawaited(prototype: ClientBase, names: readonly string[]): void {
  for (const name of names) {
    const method = Reflect.get(prototype, name) as Method; // each name is that of a method
    const reporting: Method = function (...args) {
      return reported(`${name}()`, promiseOf(method, this, args), error => partsOf(this).connection.warn(error));
    };
    Object.defineProperty(prototype, name, { value: reporting, writable: true, configurable: true });
  }
}

function promiseOf(method: Method, client: ClientBase, args: unknown[]): Promise<unknown> {
  try {
    const returned = method.apply(client, args);
    return isPromiseLike(returned) ? (returned as Promise<unknown>) : Promise.resolve(returned);
  } catch (error) {
    return Promise.reject(toAgoraError(error));
  }
}
