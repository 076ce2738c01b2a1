// Timers whose errors are reported: an error in a timer would end the process.

import { messageOf } from '../errors.ts';
import type { World } from '../world.ts';

/** A world that passes the errors of its timers to `report`. */
export function guardTimers(world: World, report: (message: string) => void): World {
  return {
    now: () => world.now(),
    monotonic: () => world.monotonic(),
    randomBytes: length => world.randomBytes(length),
    setTimer: (delayMs, fire) =>
      world.setTimer(delayMs, () => {
        try {
          fire();
        } catch (cause) {
          report(`a timer failed: ${messageOf(cause)}`);
        }
      }),
  };
}
