// Names of the reducers, procedures and tables that this client uses, for a check of the hub's version.

import { procedures, reducers, tables } from '@agora/bindings';

/** Returns the reducers, procedures, tables and views that a hub must have for this client, as its schema spells them. */
export function requiredNames(): string[] {
  return [...Object.keys(reducers), ...Object.keys(procedures), ...Object.keys(tables)].map(snakeCase).sort();
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`);
}
