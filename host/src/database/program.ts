// A published program: the bundle, the loaded module, and its description.

import { HostError } from '../errors.ts';
import type { GuestHooks } from '../guest/activation.ts';
import type { ScriptCache } from '../guest/bundle.ts';
import { Guest } from '../guest/guest.ts';
import { rowRulesOf } from '../query/row-rules.ts';
import { decodeModule } from '../schema/decode.ts';
import type { ModuleDef } from '../schema/definition.ts';
import type { RawModule } from '../schema/raw.ts';
import { validateModule } from '../schema/validate.ts';

/** A loaded and valid bundle. */
export interface Program {
  readonly bytes: Uint8Array;
  readonly guest: Guest;
  /** The result of `__describe_module__`. */
  readonly description: Uint8Array;
  readonly raw: RawModule;
  readonly def: ModuleDef;
}

/** Loads and checks a bundle. Throws `guest/invalid` or `schema/invalid` with a message for the publisher. */
export function loadProgram(bytes: Uint8Array, hooks: GuestHooks, cache?: ScriptCache): Program {
  const guest = Guest.load(textOf(bytes), hooks, cache);
  const description = guest.describe();
  const raw = decodeModule(description);
  const def = validateModule(raw);
  rowRulesOf(def);
  return { bytes, guest, description, raw, def };
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new HostError('guest/invalid', 'Uncaught SyntaxError: Invalid or unexpected token', { cause });
  }
}
