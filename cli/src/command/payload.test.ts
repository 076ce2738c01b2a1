import { describe, expect, test } from 'vitest';
import { inputOf } from './payload.ts';

describe('standard input', () => {
  test.each<[string, unknown]>([
    ['{"a":1}\n', { a: 1 }],
    ['\uFEFF[1]', [1]],
    ['a text\n', { text: 'a text' }],
    ['true', { text: 'true' }],
    ['12345678901234567890', { text: '12345678901234567890' }],
  ])('%j without a flag', (text, payload) => expect(inputOf(text, undefined)).toEqual(payload));

  test.each<[string, string]>([
    ['', 'Standard input is empty'],
    ['{"a":1', 'Standard input is not JSON'],
    ['{"a":12345678901234567890}', 'the number 12345678901234567890 is too long; write it as a string'],
    ['[1e999]', 'the number 1e999 is too long'],
  ])('%j is refused', (text, sentence) => expect(() => inputOf(text, undefined)).toThrow(sentence));

  test('is what the flag names', () => {
    expect(inputOf('{"a":1', 'text')).toEqual({ text: '{"a":1' });
    expect(inputOf('', 'text')).toEqual({ text: '' });
    expect(inputOf('true', 'json')).toBe(true);
    expect(() => inputOf('no JSON', 'json')).toThrow('Standard input is not JSON');
    expect(() => inputOf('12345678901234567890', 'json')).toThrow('too long');
  });

  test('may be empty where that has a meaning', () => expect(inputOf('\n', undefined, {})).toEqual({}));
});
