// Routes from a changed row to the watchers of its table.

import type { Index } from '../datastore/table.ts';
import type { ColumnsCondition } from '../query/condition.ts';
import type { Guard } from '../query/guard.ts';
import type { QueryPlan } from '../query/query-plan.ts';

/** The way to the join partners of a changed row, whose guards select the affected watchers. */
export interface PartnerRoute {
  /** The column of the changed row. */
  readonly column: number;
  /** The partners' index over the column that must equal it. */
  readonly index: Index;
  readonly guard: Guard;
}

/** By the relation's own guard, by the guard of its join partner, or, without either, for every change. */
export type SubscriptionRoute = { readonly guard: Guard } | { readonly partner: PartnerRoute } | undefined;

/** The cheapest route to a relation of a plan. */
export function routeOf(plan: QueryPlan, relation: number): SubscriptionRoute {
  const guard = plan.relations[relation]?.guard;
  if (guard) return { guard };
  for (const condition of plan.conditions) {
    if (condition.kind !== 'columns' || condition.operator !== '=' || !condition.comparesBytes) continue;
    const partner = partnerOf(plan, relation, condition);
    if (partner) return { partner };
  }
  return undefined;
}

function partnerOf(plan: QueryPlan, relation: number, { left, right }: ColumnsCondition): PartnerRoute | undefined {
  const [own, other] = left.relation === relation ? [left, right] : [right, left];
  if (own.relation !== relation || other.relation === relation) return undefined;
  const partner = plan.relations[other.relation];
  const index = partner?.table.indexes.find(
    ({ def: { columns } }) => columns.length === 1 && columns[0] === other.column,
  );
  if (!partner?.guard || !index) return undefined;
  return { column: own.column, index, guard: partner.guard };
}
