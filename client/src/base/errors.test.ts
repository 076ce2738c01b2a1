import { describe, expect, test } from 'vitest';
import { AgoraError, ConnectionError, TimeoutError, toAgoraError } from './errors.ts';

describe('what a call was rejected with', () => {
  test('is read as the refusal it holds', () => {
    const thrown = new Error('agent/name-taken: "Ada" is registered by another identity');
    expect(toAgoraError(thrown)).toMatchObject({
      code: 'agent/name-taken',
      message: '"Ada" is registered by another identity',
      cause: thrown,
    });
  });

  test('is read out of the bare text of a procedure', () => {
    const text = 'Uncaught SenderError: workflow/unknown: there is no workflow x\n    at module.js:1';
    expect(toAgoraError(text)).toMatchObject({ code: 'workflow/unknown', message: 'there is no workflow x' });
  });

  test('is read as a list of refused acts', () => {
    const refusals = [{ act: 1, code: 'message/bad-payload', message: 'the payload is not JSON' }];
    const error = toAgoraError(new Error(`call/refused: ${JSON.stringify(refusals)}`));
    expect(error).toMatchObject({
      code: 'call/refused',
      refusals,
      message: expect.stringContaining('act 1') as string,
    });
  });

  test.each(['call/refused: [', 'call/refused: [{"act":"x"}]'])('may be a list that cannot be read: %s', text => {
    expect(toAgoraError(text)).toMatchObject({ code: 'call/refused', refusals: [] });
  });

  test.each([['no/such-code: words'], ['anything'], [42], [undefined]])('is a failed call otherwise: %j', thrown => {
    expect(toAgoraError(thrown).code).toBe('call/failed');
  });

  test('stays what it is when it was read before', () => {
    const error = new TimeoutError('call/timed-out', 'late');
    expect(toAgoraError(error)).toBe(error);
    expect(error).toBeInstanceOf(AgoraError);
    expect(new ConnectionError('connection/lost', 'x').name).toBe('ConnectionError');
  });
});
