// Values that JSON changes silently: it writes `{}` for a `Map`, null for NaN, and leaves functions out.

/** Deeper values are left to `JSON.stringify`, which refuses cycles of any length. */
const MAX_CYCLE = 200;

/** Returns the first part of a value that JSON cannot carry, with its path; undefined if there is none. */
export function jsonFaultOf(value: unknown): string | undefined {
  return typeof value === 'object' ? faultIn(value, '', []) : kindOf(value);
}

function faultIn(value: unknown, path: string, above: object[]): string | undefined {
  const kind = kindOf(value);
  if (kind !== undefined) return path === '' ? `it is ${kind}` : `${path} is ${kind}`;
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return undefined;
  if (above.length < MAX_CYCLE && above.includes(value)) return `${path} contains itself`;
  above.push(value);
  let fault: string | undefined;
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length && fault === undefined; at++) {
      const each: unknown = value[at];
      fault = each === undefined ? `${path}[${at}] is undefined` : faultIn(each, `${path}[${at}]`, above);
    }
  } else {
    for (const [key, each] of Object.entries(value)) {
      // JSON leaves out a member that is undefined: an optional one.
      if (each !== undefined) fault ??= faultIn(each, path === '' ? key : `${path}.${key}`, above);
    }
  }
  above.pop();
  return fault;
}

/** Returns the name of a value without JSON form; undefined for all others. */
function kindOf(value: unknown): string | undefined {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) ? undefined : String(value);
    case 'bigint':
      return 'a BigInt; send a number or a text';
    case 'function':
    case 'symbol':
      return `a ${typeof value}`;
    case 'object':
      return value === null ? undefined : kindOfObject(value);
    default:
      return undefined;
  }
}

function kindOfObject(value: object): string | undefined {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null || Array.isArray(value)) return undefined;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'an invalid Date' : undefined;
  if ('toJSON' in value) return undefined;
  if (value instanceof Map) return 'a Map; send an object';
  if (value instanceof Set) return 'a Set; send an array';
  if (value instanceof Error) return 'an Error; send its message';
  if (value instanceof RegExp) return 'a RegExp; send its source';
  if (value instanceof Promise) return 'a Promise; await it';
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return 'binary data; send it as base64';
  return undefined;
}
