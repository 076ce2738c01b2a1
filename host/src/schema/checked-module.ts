// A module of a tree whose description was checked, before its submodules are flattened into it.

import { type ModuleDef } from './definition.ts';
import { type RawModule } from './raw.ts';

/** One checked module of a tree; its definitions carry their own names and refer to its own typespace. */
export interface CheckedModule {
  /** As received; only here do fields and variants keep their source spelling. */
  readonly raw: RawModule;
  readonly def: ModuleDef;
  readonly submodules: readonly { readonly namespace: string; readonly module: CheckedModule }[];
}
