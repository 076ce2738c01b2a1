// Ids of messages, events and workflows: UUIDv7, ascending within a process.

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
/** Random bytes are generated for this many ids at a time. */
const POOL = 256;
const BYTES = 8;

const pool = new Uint8Array(POOL * BYTES);
let used = POOL;
/**
 * A clock that is set back by more was wrong before. Following the wrong time would keep the hub refusing ids of the future
 * (`message/id-ahead`) long after the clock was corrected.
 */
const MAX_BACK_MS = 5_000;

let lastMs = 0;
let counter = 0;

/**
 * Creates a UUIDv7 (RFC 9562, 5.7): the time in milliseconds, a counter within it, and 62 random bits. As the id of a message
 * or event it makes sending idempotent.
 *
 * @example
 * ```ts
 * const id = createId();
 * await client.sendMessage({ id, to: 'Writer', messageType: 'note', payload: 1 });
 * await client.sendMessage({ id, to: 'Writer', messageType: 'note', payload: 1 }); // a no-op
 * ```
 */
export function createId(): string {
  let ms = Date.now();
  if (ms > lastMs || lastMs - ms > MAX_BACK_MS) counter = 0;
  else {
    // The same millisecond, or a clock that was set back a little: keeps the order.
    ms = lastMs;
    if (++counter > 0xfff) {
      counter = 0;
      ms++;
    }
  }
  lastMs = ms;
  if (used === POOL) {
    crypto.getRandomValues(pool);
    used = 0;
  }
  const at = used++ * BYTES;
  const time = ms.toString(16).padStart(12, '0');
  const byte = (index: number) => HEX[pool[at + index] ?? 0] ?? '00';
  const variant = HEX[((pool[at] ?? 0) & 0x3f) | 0x80] ?? '80';
  return (
    `${time.slice(0, 8)}-${time.slice(8)}-7${counter.toString(16).padStart(3, '0')}-${variant}${byte(1)}-` +
    `${byte(2)}${byte(3)}${byte(4)}${byte(5)}${byte(6)}${byte(7)}`
  );
}
