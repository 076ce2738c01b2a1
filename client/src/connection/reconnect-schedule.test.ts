import { expect, test } from 'vitest';
import { ReconnectSchedule, STABLE_AFTER_MS } from './reconnect-schedule.ts';

/** A schedule without jitter over a clock that the test moves. */
function aSchedule() {
  let now = 1_000_000;
  const settings = { reconnect: { firstMs: 100, maxMs: 10_000 }, giveUpAfterMs: 60_000 };
  const schedule = new ReconnectSchedule(settings, { now: () => now, random: () => 1 });
  const hold = (ms: number) => {
    schedule.opened();
    now += ms;
    schedule.lost();
    return schedule.nextPauseMs();
  };
  return { schedule, hold, wait: (ms: number) => (now += ms) };
}

test('I1: pauses grow while a hub accepts connections and drops them', () => {
  const { hold } = aSchedule();
  expect(Array.from({ length: 9 }, () => hold(60))).toEqual([100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
});

test('I1: failed attempts and dropped connections count together', () => {
  const { schedule, hold } = aSchedule();
  expect(hold(60)).toBe(100);
  expect([schedule.nextPauseMs(), schedule.nextPauseMs()]).toEqual([200, 400]);
  expect(hold(STABLE_AFTER_MS - 1)).toBe(800);
});

test('I1: a connection that held for some seconds starts again with the first pause', () => {
  const { hold } = aSchedule();
  for (let n = 0; n < 5; n++) hold(60);
  expect(hold(STABLE_AFTER_MS)).toBe(100);
});

test('I2: the time to give up counts from the first loss of an unstable period', () => {
  const { schedule, hold, wait } = aSchedule();
  hold(60);
  expect(schedule.isOver).toBe(false);
  for (let waited = 0; waited <= 60_000; waited += 4_000) {
    wait(3_940);
    hold(60);
  }
  expect(schedule.isOver).toBe(true);
});

test('I2: a stable connection ends the unstable period', () => {
  const { schedule, hold, wait } = aSchedule();
  hold(60);
  wait(59_000);
  hold(STABLE_AFTER_MS);
  expect(schedule.isOver).toBe(false);
  wait(60_001);
  expect(schedule.isOver).toBe(true);
});

test('I2: the time in which the process slept does not count', () => {
  const { schedule, hold, wait } = aSchedule();
  const pauseMs = hold(60);
  wait(3_600_000);
  schedule.took(3_600_000, pauseMs);
  expect(schedule.isOver).toBe(false);
  wait(60_001);
  expect(schedule.isOver).toBe(true);
});
