import { describe, expect, test } from 'vitest';
import { currentTrace, inTrace, traceIn, withTrace } from './trace-context.ts';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('the trace in headers', () => {
  test('is what the W3C calls well-formed, and the rest is left out', () => {
    const context = { traceparent, tracestate: 'vendor=1', baggage: 'user=7' };
    expect(traceIn({ ...context, other: 1 })).toEqual(context);
    expect(traceIn({})).toBeUndefined();
    for (const bad of [
      'x',
      traceparent.toUpperCase(),
      traceparent.replace(/^00/, 'ff'),
      traceparent.replace(/-0af.*-b/, `-${'0'.repeat(32)}-b`),
      `${traceparent}-more`,
      7,
    ]) {
      expect(traceIn({ ...context, traceparent: bad }), String(bad)).toEqual({ baggage: 'user=7' });
    }
    expect(traceIn({ traceparent: `01${traceparent.slice(2)}-more` })).toBeDefined();
    expect(traceIn({ traceparent, tracestate: 'x'.repeat(513), baggage: 'y'.repeat(8_193) })).toEqual({ traceparent });
  });

  test('is added unless they have one', () => {
    expect(withTrace(undefined, { traceparent })).toEqual({ traceparent });
    expect(withTrace({ a: 1 }, { traceparent })).toEqual({ a: 1, traceparent });
    const own = { traceparent: 'mine' };
    expect(withTrace(own, { traceparent })).toBe(own);
    expect(withTrace(undefined, {})).toBeUndefined();
  });
});

describe('what is handled right now', () => {
  test('is known after waiting too, and one without a trace is in none', async () => {
    expect(currentTrace()).toBeUndefined();
    await inTrace({ traceparent }, async () => {
      await Promise.resolve();
      expect(currentTrace()).toEqual({ traceparent });
      inTrace(undefined, () => expect(currentTrace()).toBeUndefined());
    });
    expect(currentTrace()).toBeUndefined();
  });
});
