// The functions of a module by the names that clients use, with the layouts that check their arguments.

import { RowLayout } from '../datastore/row-layout.ts';
import { messageOf } from '../errors.ts';
import type { Lifecycle, ModuleDef, ProcedureDef, ReducerDef } from '../schema/definition.ts';

/** A function and the layout of its arguments. */
export interface Callable<Def extends ReducerDef | ProcedureDef> {
  readonly def: Def;
  readonly params: RowLayout;
}

const LIFECYCLE_NAMES: Readonly<Record<Lifecycle, string>> = {
  init: 'Init',
  onConnect: 'OnConnect',
  onDisconnect: 'OnDisconnect',
};

/** Finds functions by name. */
export class Functions {
  readonly #reducers = new Map<string, Callable<ReducerDef>>();
  readonly #procedures = new Map<string, Callable<ProcedureDef>>();
  readonly #lifecycle = new Map<Lifecycle, Callable<ReducerDef>>();
  readonly #scheduled = new Map<string, Callable<ReducerDef> | Callable<ProcedureDef>>();

  constructor({ reducers, procedures, typespace }: ModuleDef) {
    for (const def of reducers) {
      const reducer = { def, params: RowLayout.of(def.params, typespace) };
      this.#reducers.set(def.name, reducer);
      this.#scheduled.set(def.sourceName, reducer);
      if (def.lifecycle) this.#lifecycle.set(def.lifecycle, reducer);
    }
    for (const def of procedures) {
      const procedure = { def, params: RowLayout.of(def.params, typespace) };
      this.#procedures.set(def.name, procedure);
      this.#scheduled.set(def.sourceName, procedure);
    }
  }

  /** By canonical name only. */
  reducer(name: string): Callable<ReducerDef> | undefined {
    return this.#reducers.get(name);
  }
  procedure(name: string): Callable<ProcedureDef> | undefined {
    return this.#procedures.get(name);
  }
  lifecycle(lifecycle: Lifecycle): Callable<ReducerDef> | undefined {
    return this.#lifecycle.get(lifecycle);
  }
  /** A reducer or procedure by the source name in a schedule. */
  scheduled(sourceName: string): Callable<ReducerDef> | Callable<ProcedureDef> | undefined {
    return this.#scheduled.get(sourceName);
  }
}

/** The refusal of a direct call of a lifecycle reducer. */
export function lifecycleRefusal(lifecycle: Lifecycle): string {
  return `can't directly call special ${LIFECYCLE_NAMES[lifecycle]} lifecycle reducer`;
}

/** The fault of encoded arguments; `undefined` if they are valid. Bytes after the last argument are ignored. */
export function faultOfArgs(
  kind: 'reducer' | 'procedure',
  { def, params }: Callable<ReducerDef | ProcedureDef>,
  args: Uint8Array,
): string | undefined {
  try {
    params.endOf(args, 0);
    return undefined;
  } catch (cause) {
    return `invalid arguments for ${kind} ${def.name}: ${messageOf(cause)}`;
  }
}

/** Returns true for a procedure, false for a reducer. */
export function isProcedure(
  callable: Callable<ReducerDef> | Callable<ProcedureDef>,
): callable is Callable<ProcedureDef> {
  return 'returns' in callable.def;
}
