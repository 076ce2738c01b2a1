// The measured calls of the host, and the encoding of their arguments.

import type { Measurement } from '../harness.ts';
import { percentile } from '../statistics.ts';

/** A reducer of the module, with arguments that differ in each call. */
export interface Call {
  readonly reducer: 'empty' | 'insert' | 'bump';
  readonly what: string;
  args(call: number): Buffer;
}

/** 200 bytes, the size of a short message. */
export const TEXT = 'x'.repeat(200);

export const CALLS: readonly Call[] = [
  { reducer: 'empty', what: 'empty', args: () => Buffer.alloc(0) },
  { reducer: 'insert', what: 'insert', args: () => text(TEXT) },
  { reducer: 'bump', what: 'indexed read-modify-write', args: call => u32((call * 7919) % 1000) },
];

/** Results of closed loops: each caller makes its next call when the last one is confirmed. */
export interface Seen {
  readonly calls: number;
  readonly seconds: number;
  /** Latency of each call, in milliseconds. */
  readonly latencies: readonly number[];
}

/** The rate, and the spread of the latencies. */
export function toMeasurements(metric: string, { calls, seconds, latencies }: Seen): Measurement[] {
  return [
    { metric, unit: 'calls/s', value: calls / seconds },
    ...[0.5, 0.99].map(share => ({
      metric: `${metric}, p${100 * share}`,
      unit: 'ms',
      value: percentile(latencies, share),
    })),
  ];
}

/** Runs closed loops of several callers for a time. */
export async function callLoops(
  callers: number,
  seconds: number,
  callOnce: (caller: number, call: number) => Promise<void>,
): Promise<Seen> {
  const latencies: number[] = [];
  const begun = performance.now();
  const until = begun + 1000 * seconds;
  let calls = 0;
  const loop = async (caller: number): Promise<void> => {
    while (performance.now() < until) {
      const at = performance.now();
      await callOnce(caller, calls++);
      latencies.push(performance.now() - at);
    }
  };
  await Promise.all(Array.from({ length: callers }, (_, caller) => loop(caller)));
  return { calls, seconds: (performance.now() - begun) / 1000, latencies };
}

export function u32(...numbers: number[]): Buffer {
  const bytes = Buffer.alloc(4 * numbers.length);
  for (const [at, number] of numbers.entries()) bytes.writeUInt32LE(number, 4 * at);
  return bytes;
}

/** BSATN of a string, and of bytes. */
export function text(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([u32(bytes.length), bytes]);
}
