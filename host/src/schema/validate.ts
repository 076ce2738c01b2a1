// Validation of a module description: first a tree of checked modules, then one flat definition with dotted names.

import { canonicalType, checkReferences, checkUse, partsOf } from './canonical-types.ts';
import { type CheckContext, EntityNames } from './check-context.ts';
import { checkFunctions } from './check-functions.ts';
import { checkTable } from './check-table.ts';
import { type CheckedModule } from './checked-module.ts';
import { type ModuleDef, type NamedTypeDef } from './definition.ts';
import { Faults } from './faults.ts';
import { flattenModule } from './flatten.ts';
import { CanonicalNames } from './names.ts';
import { type RawModule } from './raw.ts';

const MAX_NAMESPACE_BYTES = 63;

/** Checks a description and flattens it. Throws `HostError` `schema/invalid` with every fault, one a line. */
export function validateModule(raw: RawModule): ModuleDef {
  return flattenModule(checkModule(raw));
}

/** Checks a description, submodules included, and keeps them apart. Throws as `validateModule` does. */
export function checkModule(raw: RawModule): CheckedModule {
  const faults = new Faults();
  const checked = checkTree(raw, faults);
  faults.throwIfAny();
  return checked;
}

function checkTree(raw: RawModule, faults: Faults): CheckedModule {
  const def = checkOwn(raw, faults);
  const seen = new Set<string>();
  const submodules = raw.submodules.map(({ namespace, module }) => {
    faults.identifier(namespace);
    if (seen.has(namespace)) faults.add(`name \`${namespace}\` is used for multiple entities`);
    seen.add(namespace);
    if (Buffer.byteLength(namespace) > MAX_NAMESPACE_BYTES) {
      faults.add(`submodule namespace \`${namespace}\` is longer than ${MAX_NAMESPACE_BYTES} bytes`);
    }
    for (const { lifecycle } of module.lifecycles) {
      faults.add(
        `lifecycle event ${lifecycle} is not permitted in submodule \`${namespace}\`, only in the root module`,
      );
    }
    return { namespace, module: checkTree(module, faults) };
  });
  return { raw, def, submodules };
}

function checkOwn(raw: RawModule, faults: Faults): ModuleDef {
  const names = new CanonicalNames(raw.casePolicy, raw.explicitNames);
  const typespace = raw.typespace.map(type => canonicalType(type, names));
  const context: CheckContext = {
    raw,
    names,
    typespace,
    named: new Set(raw.types.map(({ ref }) => ref)),
    entities: new EntityNames(faults),
    faults,
  };
  // No reference may be followed before all are known to be valid.
  if (!checkReferences(typesOf(raw), typespace, faults)) faults.throwIfAny();
  const types = checkTypes(context);
  const tables = raw.tables.flatMap(table => checkTable(table, context) ?? []);
  for (const { table } of raw.schedules) {
    if (!raw.tables.some(({ sourceName }) => names.table(sourceName) === names.table(table))) {
      faults.add(`table \`${table}\` of a schedule not found`);
    }
  }
  return { typespace, types, tables, ...checkFunctions(tables, context), rowLevelSecurity: raw.rowLevelSecurity };
}

/** Every type in the description. */
function typesOf(raw: RawModule) {
  return [
    ...raw.typespace,
    ...raw.reducers.flatMap(({ params, ok, err }) => [params, ok, err]),
    ...raw.procedures.flatMap(({ params, returns }) => [params, returns]),
    ...raw.views.flatMap(({ params, returns }) => [params, returns]),
  ];
}

function checkTypes({ raw, names, typespace, named, faults }: CheckContext): NamedTypeDef[] {
  const seen = new Set<string>();
  return raw.types.flatMap(({ name: { scope, name: sourceName }, ref }) => {
    const type = { scope: scope.map(one => names.type(one)), name: names.type(sourceName), sourceName, ref };
    const path = [...type.scope, type.name].map(one => faults.identifier(one)).join('::');
    if (seen.has(path)) faults.add(`name \`${path}\` is used for multiple types`);
    seen.add(path);
    const target = typespace[ref];
    if (target?.kind !== 'product' && target?.kind !== 'sum') {
      faults.add(`type \`${path}\` has type reference ${ref}, which is neither a product nor a sum`);
      return [];
    }
    for (const part of partsOf(target)) checkUse(part, named, `type \`${path}\``, faults);
    return [type];
  });
}
