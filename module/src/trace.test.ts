import { describe, expect, test } from 'vitest';
import { headersOf, isSameButTrace, isSameDefinition, traceOf } from './trace.ts';

const text = (value: unknown) => JSON.stringify(value);

describe('headers', () => {
  test('contain a trace, which is all that is copied', () => {
    expect(traceOf(text({ to: 'x', traceparent: 'a', baggage: 'b' }))).toBe(text({ traceparent: 'a', baggage: 'b' }));
    expect([traceOf(''), traceOf(text({ to: 'x' }))]).toEqual(['', '']);
  });

  test('are equal in another trace', () => {
    expect(isSameButTrace(text({ a: 1, traceparent: 'x' }), text({ a: 1, traceparent: 'y' }))).toBe(true);
    expect(isSameButTrace(text({ traceparent: 'x' }), '')).toBe(true);
    expect(isSameButTrace(text({ a: 1 }), text({ a: 2 }))).toBe(false);
  });

  test('of a workflow are part of its definition', () => {
    const [one, other] = ['x', 'y'].map(traceparent => text({ steps: [1], headers: { a: 1, traceparent } }));
    expect(headersOf(one ?? '')).toBe(text({ a: 1, traceparent: 'x' }));
    expect(headersOf(text({ steps: [] }))).toBe('');
    expect(isSameDefinition(one ?? '', other ?? '')).toBe(true);
    expect(isSameDefinition(one ?? '', text({ steps: [1] }))).toBe(false);
    expect(isSameDefinition(text({ steps: [1] }), text({ steps: [2] }))).toBe(false);
  });
});
