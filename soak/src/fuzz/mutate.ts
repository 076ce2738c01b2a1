// Mutation of valid input: few faults, so that a parser gets far before it refuses.

import type { Random } from './random.ts';

/** Lengths, counts and tags at the usual boundaries. */
const EDGES: readonly number[] = [0, 1, 2, 0x7f, 0x80, 0xfe, 0xff];
const WORDS: readonly number[] = [0, 1, 0xff, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];
const LONGEST = 64 * 1024;

/** Returns a copy with one to four faults; sometimes random bytes, or an unchanged copy. */
export function mutateBytes(random: Random, bytes: Uint8Array, others: readonly Uint8Array[]): Uint8Array {
  if (random.chance(3)) return random.bytes(random.below(200));
  let broken: Uint8Array = bytes.slice();
  for (let times = random.below(5); times > 0; times--) broken = breakBytes(random, broken, others);
  return broken.subarray(0, LONGEST);
}

function breakBytes(random: Random, bytes: Uint8Array, others: readonly Uint8Array[]): Uint8Array {
  const at = random.below(bytes.length + 1);
  switch (random.below(8)) {
    case 0:
      if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
      return bytes;
    case 1:
      if (at < bytes.length) bytes[at] = random.pick(EDGES);
      return bytes;
    case 2:
      if (at + 4 <= bytes.length) new DataView(bytes.buffer, bytes.byteOffset).setUint32(at, random.pick(WORDS), true);
      return bytes;
    case 3:
      return bytes.slice(0, at);
    case 4:
      return joined(bytes.subarray(0, at), random.bytes(random.below(9)), bytes.subarray(at));
    case 5:
      return joined(bytes.subarray(0, at), bytes.subarray(at + random.below(9)));
    case 6: {
      const other = random.pick(others);
      return joined(bytes.subarray(0, at), other.subarray(random.below(other.length + 1)));
    }
    default: {
      const part = bytes.subarray(at, at + random.below(32));
      return joined(bytes, ...Array.from({ length: random.below(8) }, () => part));
    }
  }
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

const CHARACTERS = [...' \t\n\'"`\\()[]{}<>=!*,.:;+-_09azAZ$%\u0000\u{1f600}é\ud800'];

/** Does the same for text, by words and by characters. */
export function mutateText(random: Random, text: string, words: readonly string[]): string {
  let broken = text;
  for (let times = random.below(5); times > 0; times--) broken = breakText(random, broken, words);
  return broken.slice(0, LONGEST);
}

function breakText(random: Random, text: string, words: readonly string[]): string {
  const at = random.below(text.length + 1);
  switch (random.below(6)) {
    case 0:
      return text.slice(0, at) + random.pick(CHARACTERS) + text.slice(at + random.below(2));
    case 1:
      return text.slice(0, at);
    case 2:
      return `${text.slice(0, at)} ${random.pick(words)} ${text.slice(at)}`;
    case 3: {
      const parts = text.split(/\b/);
      parts[random.below(parts.length)] = random.pick(words);
      return parts.join('');
    }
    case 4:
      return text.slice(0, at) + text.slice(at + random.below(12));
    default:
      return (
        text.slice(0, at) +
        text.slice(at, at + random.below(40)).repeat(random.below(random.chance(2) ? 2000 : 4)) +
        text.slice(at)
      );
  }
}
