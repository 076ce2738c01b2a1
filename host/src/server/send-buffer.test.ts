import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_SERVER_FRAME_BYTES, type Protocol } from '../wire/frame.ts';
import { SendBuffer } from './send-buffer.ts';

const V2: Protocol = 'v2.bsatn.spacetimedb';
const V3: Protocol = 'v3.bsatn.spacetimedb';

function put(buffer: SendBuffer, commit: number, ...bytes: number[]): void {
  buffer.writer.raw(Uint8Array.from(bytes));
  buffer.seal(commit);
}

describe('a send buffer', () => {
  test('packs waiting messages into one v3 frame after the tag for no compression', () => {
    const buffer = new SendBuffer(V3);
    put(buffer, 0, 1, 2);
    put(buffer, 0, 3);

    expect(buffer.take(0)).toEqual(Uint8Array.of(0, 1, 2, 3));
    expect(buffer.take(0)).toBeUndefined();
  });

  test('gives each v2 message a separate frame', () => {
    const buffer = new SendBuffer(V2);
    put(buffer, 0, 1);
    put(buffer, 0, 2);

    expect(buffer.take(0)).toEqual(Uint8Array.of(0, 1));
    expect(buffer.take(0)).toEqual(Uint8Array.of(0, 2));
  });

  test('holds back a message, and those after it, until its commit is durable', () => {
    const buffer = new SendBuffer(V3);
    put(buffer, 1, 1);
    put(buffer, 3, 3);
    put(buffer, 2, 2);

    expect(buffer.take(0)).toBeUndefined();
    expect(buffer.take(2)).toEqual(Uint8Array.of(0, 1));
    expect(buffer.take(2)).toBeUndefined();
    expect(buffer.take(3)).toEqual(Uint8Array.of(0, 3, 2));
    expect(buffer.length).toBe(0);
    expect(buffer.bytes).toBe(0);
  });

  test('accepts a message longer than a frame, but packs no other with it', () => {
    const buffer = new SendBuffer(V3);
    buffer.writer.raw(new Uint8Array(MAX_SERVER_FRAME_BYTES + 10));
    buffer.seal(0);
    put(buffer, 0, 7);

    expect(buffer.take(0)).toHaveLength(1 + MAX_SERVER_FRAME_BYTES + 10);
    expect(buffer.take(0)).toEqual(Uint8Array.of(0, 7));
  });

  test('I1, I2: at any timing, messages are sent in order and not before their commit', () => {
    const step = fc.oneof(
      fc.record({ put: fc.nat(3), size: fc.integer({ min: 1, max: 40 }) }),
      fc.record({ durable: fc.nat(3) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.constantFrom(V2, V3), (steps, protocol) => {
        const buffer = new SendBuffer(protocol);
        const sealed: { commit: number; bytes: number[] }[] = [];
        const left: number[] = [];
        let commit = 0;
        let durable = 0;
        const drain = () => {
          for (let frame = buffer.take(durable); frame; frame = buffer.take(durable)) left.push(...frame.subarray(1));
        };
        for (const step of steps) {
          if ('put' in step) {
            commit += step.put;
            const bytes = Array.from({ length: step.size }, (_, at) => (sealed.length + at) % 256);
            sealed.push({ commit, bytes });
            put(buffer, commit, ...bytes);
          } else {
            durable = Math.min(commit, durable + step.durable);
            drain();
            const may = sealed.filter(message => message.commit <= durable).flatMap(message => message.bytes);
            expect(left).toEqual(may);
          }
        }
        durable = commit;
        drain();
        expect(left).toEqual(sealed.flatMap(message => message.bytes));
      }),
    );
  });
});
