import { describe, expect, test } from 'vitest';
import { originOf, TokenList, type TokenText } from './token-store.ts';

/** A text that several programs share. */
function aPlace(text = ''): TokenText & { text: string } {
  return {
    text,
    read() {
      return this.text;
    },
    change(change) {
      this.text = change(this.text) ?? this.text;
    },
  };
}

describe('tokens of one address', () => {
  test('are stored once: the second program gets the token of the first', async () => {
    const place = aPlace();
    const [one, two] = [new TokenList(place), new TokenList(place)];
    expect([await one.load(), await two.load()]).toEqual([undefined, undefined]);
    expect(await one.save('first')).toBe('first');
    expect(await two.save('second')).toBe('first');
    expect(await two.load()).toBe('first');
  });

  test('are tried one after another, and those that the present server does not accept stay stored', async () => {
    const place = aPlace('of the old hub\n');
    const tokens = new TokenList(place);
    expect(await tokens.load()).toBe('of the old hub');
    expect(await tokens.reject('of the old hub')).toBeUndefined();
    expect(await tokens.save('of the new hub')).toBe('of the new hub');
    expect(place.text).toBe('of the new hub\nof the old hub\n');
    const later = new TokenList(place);
    expect(await later.reject('of the new hub')).toBe('of the old hub');
  });

  test('are the same for programs that are refused at the same time', async () => {
    const place = aPlace('old\n');
    const [one, two] = [new TokenList(place), new TokenList(place)];
    expect([await one.reject('old'), await two.reject('old')]).toEqual([undefined, undefined]);
    expect([await one.save('a'), await two.save('b')]).toEqual(['a', 'a']);
  });

  test('are limited in number', async () => {
    const place = aPlace();
    for (let n = 0; n < 20; n++) {
      const tokens = new TokenList(place);
      for (let known = await tokens.load(); known !== undefined;) known = await tokens.reject(known);
      await tokens.save(`token ${n}`);
    }
    expect(place.text.split('\n').length).toBeLessThan(12);
    expect(place.text.startsWith('token 19\n')).toBe(true);
  });
});

test('all names of the local machine are one address', () => {
  const origins = ['http://localhost:3000/a', 'http://127.0.0.1:3000', 'http://[::1]:3000'].map(each =>
    originOf(new URL(each)),
  );
  expect(new Set(origins)).toEqual(new Set(['http://127.0.0.1:3000']));
});
