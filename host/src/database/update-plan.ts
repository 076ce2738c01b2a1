// What it takes to replace a module by another: which tables stay, and what would be lost.
import { type Datastore } from '../datastore/datastore.ts';
import type { Table } from '../datastore/table.ts';
import type { ModuleDef } from '../schema/definition.ts';

export interface UpdatePlan {
  readonly breaksClients: boolean;
  readonly droppedTables: readonly string[];
  apply(): Datastore;
  rewrittenTables(datastore: Datastore): readonly Table[];
}

export function planUpdate(_old: ModuleDef, _next: ModuleDef, _datastore: Datastore): UpdatePlan {
  throw new Error('unfinished');
}
