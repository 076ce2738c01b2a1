import { expect, test } from 'vitest';
import { CODE_LIFETIME_MS, SignInCodes } from './sign-in-codes.ts';

test('a code is exchanged once, within its time', () => {
  let now = 1_000;
  const codes = new SignInCodes(() => now);
  const [first, second, third] = [codes.issue('a'), codes.issue('b'), codes.issue('a')];
  expect(new Set([first, second, third]).size).toBe(3);
  expect(codes.exchange(second)).toBe('b');
  expect(codes.exchange(second)).toBeUndefined();
  expect(codes.exchange('other')).toBeUndefined();
  now += CODE_LIFETIME_MS - 1;
  expect(codes.exchange(third)).toBe('a');
  now += 1;
  expect(codes.exchange(first)).toBeUndefined();
});

test('a flood of codes ends the oldest ones', () => {
  const codes = new SignInCodes(() => 0);
  const first = codes.issue('first');
  const rest = Array.from({ length: 1_000 }, (_, at) => codes.issue(String(at)));
  expect(codes.exchange(first)).toBeUndefined();
  expect(codes.exchange(rest.at(-1) ?? '')).toBe('999');
});
