// JSON answers with unordered parts sorted: keys of objects, rows, names and identities.

import type { Value } from './bsatn.ts';

/** Reads JSON; integers too large for a JavaScript number become strings. */
export function readJson(json: string): Value {
  return JSON.parse(json.replace(/(?<=[:,[]\s*)-?\d{16,}(?=\s*[,\]}])/g, '"$&"')) as Value;
}

export function orderJson(value: Value, key = ''): Value {
  if (Array.isArray(value)) {
    const items = (value as readonly Value[]).map(item => orderJson(item));
    if (!/^(rows|names|identities)$/.test(key)) return items;
    return items.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }
  if (value !== null && typeof value === 'object') {
    const fields = value as Readonly<Record<string, Value>>;
    return Object.fromEntries(
      Object.keys(fields)
        .sort()
        .map(name => [name, orderJson(fields[name] ?? null, name)]),
    );
  }
  // JSON does not specify -0.
  return value === 0 ? 0 : value;
}
