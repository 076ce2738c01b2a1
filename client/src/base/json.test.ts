import { describe, expect, test } from 'vitest';
import { PAYLOAD, toJson } from './json.ts';

const cycle: { list: unknown[] } = { list: [] };
cycle.list.push(cycle);

describe('a value that JSON cannot carry is refused with its path:', () => {
  test.each<[name: string, value: unknown, sentence: string]>([
    ['a BigInt', { a: [{ n: 1n }] }, 'a[0].n is a BigInt'],
    ['NaN', { size: Number.NaN }, 'size is NaN'],
    ['Infinity', [1, Infinity], '[1] is Infinity'],
    ['a Map', { m: new Map([[1, 2]]) }, 'm is a Map'],
    ['a Set', new Set([1]), 'it is a Set'],
    ['an Error', { error: new Error('x') }, 'error is an Error'],
    ['a RegExp', { pattern: /x/ }, 'pattern is a RegExp'],
    ['bytes', { bytes: new Uint8Array(2) }, 'bytes is binary data'],
    ['undefined in an array', { list: [1, undefined] }, 'list[1] is undefined'],
    ['a function', { call: () => 1 }, 'call is a function'],
    ['an invalid Date', { at: new Date('x') }, 'at is an invalid Date'],
    ['a cycle', cycle, 'list[0] contains itself'],
  ])('%s', (_name, value, sentence) => {
    const code = 'message/bad-payload';
    expect(() => toJson(value, PAYLOAD)).toThrow(expect.objectContaining({ code }) as Error);
    expect(() => toJson(value, PAYLOAD)).toThrow(sentence);
  });
});

test.each<[name: string, value: unknown, text: string]>([
  ['a Date', { at: new Date(0) }, '{"at":"1970-01-01T00:00:00.000Z"}'],
  ['an optional member', { a: 1, b: undefined }, '{"a":1}'],
  ['an object that occurs twice', [PAYLOAD.what, [0], [0]], '["the payload",[0],[0]]'],
  ['an object with toJSON', new URL('http://a.b/'), '"http://a.b/"'],
])('%s has its JSON form', (_name, value, text) => {
  expect(toJson(value, PAYLOAD)).toBe(text);
});
