// The migration plan that `pre_publish` shows a publisher: the text of SpacetimeDB's `crates/schema/src/auto_migrate/`.

import type { Database } from '../database.ts';
import { planUpdate } from '../database/update-plan.ts';
import { HostError } from '../errors.ts';
import { rowRulesOf } from '../query/row-rules.ts';
import { extractDescription } from '../guest/index.ts';
import type { JsonData } from '../sats/json-text.ts';
import { resolveType, specialName, type AlgebraicType } from '../sats/type.ts';
import { describeModule } from '../schema/index.ts';
import type { ModuleDef, TableDef } from '../schema/definition.ts';
import { breakToken } from './program-hash.ts';

const RULE = '━'.repeat(60);
const BOLD_BLUE = '\u001b[1m\u001b[34m';
const PLAIN = '\u001b[0m';

/** The answer to `pre_publish`: a plan, or the reason why there is none. Throws `HostError` for an invalid bundle. */
export function planJson(database: Database, bundle: Uint8Array, isColoured: boolean): JsonData {
  const { def } = describeModule(extractDescription(new TextDecoder().decode(bundle)));
  rowRulesOf(def);
  try {
    const { breaksClients } = planUpdate(database.def, def, database.datastore);
    return {
      AutoMigrate: {
        migrate_plan: planText(planSteps(database.def, def), breaksClients, isColoured),
        break_clients: breaksClients,
        token: `0x${breakToken(database.identity, database.programBytes, bundle).toString(16)}`,
        major_version_upgrade: false,
      },
    };
  } catch (cause) {
    if (!(cause instanceof HostError) || cause.code !== 'publish/incompatible') throw cause;
    return {
      ManualMigrate: {
        reason: cause.message.replace(/^Database update rejected: /, ''),
        major_version_upgrade: false,
      },
    };
  }
}

function planText(steps: readonly string[], breaksClients: boolean, isColoured: boolean): string {
  const title = isColoured ? `${PLAIN}${BOLD_BLUE}Database Migration Plan${PLAIN}` : 'Database Migration Plan';
  const warning = '!!! Warning: All clients will be disconnected due to breaking schema changes';
  const lines = [...steps.map(step => `▸ ${step}`), ...(breaksClients ? [warning] : [])];
  return `${RULE}\n${title}\n${RULE}\n\n${lines.map(line => `${line}\n`).join('')}`;
}

/** One readable entry for each change; details are indented lines below it. */
export function planSteps(before: ModuleDef, after: ModuleDef): string[] {
  const tablesBefore = byName(before.tables);
  const tablesAfter = byName(after.tables);
  return [
    ...before.tables.filter(({ name }) => !tablesAfter.has(name)).map(({ name }) => `Removed table: ${name}`),
    ...after.tables.flatMap(table => {
      const was = tablesBefore.get(table.name);
      return was === undefined
        ? [`Created user table: ${table.name} (${accessOf(table)})`]
        : changedTable(was, table, after);
    }),
    ...namedSteps('view', before.views, after.views),
    ...namedSteps('row level security rule', rulesOf(before), rulesOf(after)),
  ];
}

function rulesOf({ rowLevelSecurity }: ModuleDef): Named[] {
  return rowLevelSecurity.map(name => ({ name }));
}

function changedTable(before: TableDef, after: TableDef, module: ModuleDef): string[] {
  const { name, columns } = after;
  const list = (positions: readonly number[]) => positions.map(at => columns[at]?.name ?? at).join(', ');
  const steps: string[] = [];
  if (before.isPublic !== after.isPublic) {
    steps.push(`Changed access for table ${name} (${accessOf(before)} → ${accessOf(after)})`);
  }
  const added = columns.filter(column => !before.columns.some(each => each.name === column.name));
  if (added.length > 0) {
    const lines = added.map(column => `\n    + ${column.name}: ${typeText(column.type, module)}`);
    steps.push(`Created column in table ${name}${lines.join('')}`);
  }
  for (const { name: index, columns: on } of missing(before.indexes, after.indexes)) {
    steps.push(`Removed index ${index} on [${list(on)}] of table ${name}`);
  }
  for (const { name: index, columns: on } of missing(after.indexes, before.indexes)) {
    steps.push(`Created index ${index} on [${list(on)}] of table ${name}`);
  }
  for (const { name: unique, columns: on } of missing(before.uniques, after.uniques)) {
    steps.push(`Removed unique constraint ${unique} on [${list(on)}] of table ${name}`);
  }
  for (const { name: unique, columns: on } of missing(after.uniques, before.uniques)) {
    steps.push(`Created unique constraint ${unique} on [${list(on)}] of table ${name}`);
  }
  steps.push(...namedSteps('sequence', before.sequences, after.sequences));
  return steps;
}

interface Named {
  readonly name: string;
}

function namedSteps(kind: string, before: readonly Named[], after: readonly Named[]): string[] {
  return [
    ...missing(before, after).map(({ name }) => `Removed ${kind}: ${name}`),
    ...missing(after, before).map(({ name }) => `Created ${kind}: ${name}`),
  ];
}

/** The entries of the first list whose names the second one lacks. */
function missing<T extends Named>(these: readonly T[], those: readonly Named[]): T[] {
  const names = byName(those);
  return these.filter(({ name }) => !names.has(name));
}

function byName<T extends Named>(list: readonly T[]): Map<string, T> {
  return new Map(list.map(each => [each.name, each]));
}

function accessOf({ isPublic }: TableDef): string {
  return isPublic ? 'public' : 'private';
}

function typeText(type: AlgebraicType, { typespace, types }: ModuleDef): string {
  const named = type.kind === 'ref' ? types.find(({ ref }) => ref === type.ref) : undefined;
  if (named) return named.name;
  const resolved = resolveType(type, typespace);
  const special = specialName(resolved) ?? resolved.kind;
  return special.charAt(0).toUpperCase() + special.slice(1);
}
