// Settings files of clients in JSON: read, changed and written whole, with everything that belongs to others kept.

import { readFile } from 'node:fs/promises';

/** A JSON object that is changed in place. */
export type JsonObject = Record<string, unknown>;

/** A settings file that cannot be changed by a program. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

/** The text of a file; undefined if there is none. */
export async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The object in a JSON text. Throws `SettingsError`: comments would be lost, so such a file is left alone. */
export function parseSettings(path: string, text: string | undefined): JsonObject {
  if (text === undefined || text.trim() === '') return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new SettingsError(`${path} is not plain JSON (it may have comments), so it is left as it is`, { cause });
  }
  if (isObject(value)) return value;
  throw new SettingsError(`${path} is not a JSON object, so it is left as it is`);
}

/** The object as text, in the indentation of the old text. */
export function formatSettings(value: JsonObject, old: string | undefined): string {
  const [, indent = '  '] = /^\{\r?\n([ \t]+)/.exec(old ?? '') ?? [];
  return `${JSON.stringify(value, undefined, indent)}\n`;
}

/** The object under `key`, which is created if it is missing. Throws `SettingsError`. */
export function objectIn(parent: JsonObject, key: string, path: string): JsonObject {
  parent[key] ??= {};
  const child = parent[key];
  if (isObject(child)) return child;
  throw new SettingsError(`"${key}" in ${path} is not an object, so the file is left as it is`);
}

/** The list under `key`, which is created if it is missing. Throws `SettingsError`. */
export function listIn(parent: JsonObject, key: string, path: string): unknown[] {
  parent[key] ??= [];
  const child = parent[key];
  if (Array.isArray(child)) return child;
  throw new SettingsError(`"${key}" in ${path} is not a list, so the file is left as it is`);
}

/** Returns true for an object that is no list. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
