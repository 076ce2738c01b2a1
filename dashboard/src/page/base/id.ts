// Ids of messages and workflows: UUIDv7.

/** A new id: the time in milliseconds and random bits. */
export function createId(): string {
  const random = crypto.getRandomValues(new Uint8Array(10));
  const hex = [...random].map(byte => byte.toString(16).padStart(2, '0')).join('');
  const time = Date.now().toString(16).padStart(12, '0');
  const variant = ((random[2] ?? 0) & 0x3f) | 0x80;
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex.slice(0, 3)}-${variant.toString(16)}${hex.slice(6, 8)}-${hex.slice(8, 20)}`;
}
