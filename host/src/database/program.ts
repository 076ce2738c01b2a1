// A published program: the bundle, the module it becomes, and what that module says of itself.

import { HostError } from '../errors.ts';
import { Guest, type GuestHooks } from '../guest/index.ts';
import { describeModule, type ModuleDef, type RawModule } from '../schema/index.ts';

export interface Program {
  readonly bytes: Uint8Array;
  readonly guest: Guest;
  /** What `__describe_module__` returned. */
  readonly description: Uint8Array;
  readonly raw: RawModule;
  readonly def: ModuleDef;
}

/** Loads and checks a bundle. Throws `guest/invalid` or `schema/invalid` with what a publisher should read. */
export function loadProgram(bytes: Uint8Array, hooks: GuestHooks): Program {
  const guest = Guest.load(textOf(bytes), hooks);
  const description = guest.describe();
  return { bytes, guest, description, ...describeModule(description) };
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new HostError('guest/invalid', 'Uncaught SyntaxError: Invalid or unexpected token', { cause });
  }
}
