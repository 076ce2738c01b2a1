// Row-level security: rules that narrow what callers see of a table. Not spoken yet, so a module that has one is refused
// rather than shown to everybody.

import { HostError } from '../errors.ts';
import type { ModuleDef } from '../schema/definition.ts';

/** Throws `schema/invalid` for a module that declares rules; to be called before it is published. */
export function refuseRowLevelSecurity(def: ModuleDef): void {
  const [rule] = def.rowLevelSecurity;
  if (rule === undefined) return;
  throw new HostError(
    'schema/invalid',
    `the module declares a row-level security rule, which this host does not enforce; use a view instead: ${rule}`,
  );
}
