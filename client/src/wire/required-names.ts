// What this client calls and reads on a hub, by the names that the hub's own description has.

import { procedures, reducers, tables } from '@agora/bindings';

/** The reducers, procedures, tables and views that a hub must have for this client, in the spelling of its schema. */
export function requiredNames(): string[] {
  return [...Object.keys(reducers), ...Object.keys(procedures), ...Object.keys(tables)].map(snakeCase).sort();
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`);
}
