// The ESLint rule `realm/captured` finds each way in which the realm's own code could use a built-in that a module replaced.

import { fileURLToPath } from 'node:url';
import { ESLint } from 'eslint';
import { expect, test } from 'vitest';
import tseslint from 'typescript-eslint';

const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url));

const eslint = new ESLint({
  cwd: REPOSITORY,
  overrideConfig: [tseslint.configs.disableTypeChecked] as ESLint.Options['overrideConfig'],
});

/** The findings of the rule in a function of the realm. */
async function findings(body: string): Promise<string[]> {
  const code = `import type { Primordials } from './primordials.ts';
    const outside = 1;
    export function plant(host: { call(): number }, { TypeError, apply, define }: Primordials) {
      'use strict';
      ${body}
    }`;
  const filePath = `${REPOSITORY}host/src/guest/realm/host-calls.ts`;
  const [result] = await eslint.lintText(code, { filePath });
  return (result?.messages ?? [])
    .filter(({ ruleId }) => ruleId === 'realm/captured')
    .map(({ messageId }) => messageId ?? '');
}

test.each([
  ['a global', 'return () => Reflect;', 'global'],
  ['a class of the engine', 'return () => new RangeError();', 'global'],
  ['a value of its file', 'return () => outside;', 'outside'],
  ['a method', 'return (list: string[]) => list.sort();', 'method'],
  ['an optional method', 'return (list: string[]) => list?.sort();', 'method'],
  ['a constructor of an object', 'return (of: { A: new () => object }) => new of.A();', 'method'],
  ['a spread of arguments', 'return (...args: []) => apply(...args, 1, 2, 3);', 'iterator'],
  ['a spread of elements', 'return (list: string[]) => [...list];', 'iterator'],
  ['for of', 'return (list: string[]) => { for (const each of list) apply(each, 1, []); };', 'iterator'],
  ['for in', 'return (of: object) => { for (const each in of) apply(each, 1, []); };', 'iterator'],
  ['a list pattern', 'return ([first]: string[]) => first;', 'iterator'],
  ['instanceof', 'return (value: unknown) => value instanceof TypeError;', 'operator'],
  ['an async function', 'return async () => { apply(1, 2, []); };', 'promise'],
  ['a descriptor that inherits', `return (of: object) => define(of, 'a', { value: 1 });`, 'literal'],
  ['the error of a host call', 'try { apply(host, 1, []); } catch (error) { throw error; }', 'binding'],
])('%s is found', async (_name, body, messageId) => {
  expect(await findings(body)).toContain(messageId);
});

test('captured built-ins are allowed', async () => {
  const body = `return (of: object) => {
    try { return apply(define, undefined, [of, 'a', { __proto__: null, value: 1 }]); } catch { throw new TypeError('no'); }
  };`;
  expect(await findings(body)).toEqual([]);
});
