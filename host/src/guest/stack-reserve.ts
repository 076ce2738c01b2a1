// Stack reserve: prevents that a module's deep recursion overflows the stack in the middle of a write of the host.

// The number of words pushed as a test. A write of rows uses less than 8 KiB of stack; ending a transaction reaches storage
// and subscribers, so it gets 32 KiB. Pushing costs a third of a microsecond per 1,024 words.
const forWrite: readonly undefined[] = new Array<undefined>(1024).fill(undefined);
const forCommit: readonly undefined[] = new Array<undefined>(4096).fill(undefined);

function takeAll(): void {}

/**
 * Throws the engine's RangeError if the stack is nearly full. A module may recurse to the end of the stack and catch the
 * error; without this test a write could be left incomplete.
 */
export function requireStackForWrite(): void {
  Reflect.apply(takeAll, undefined, forWrite);
}

/** The same before a transaction of a procedure begins or ends. */
export function requireStackForCommit(): void {
  Reflect.apply(takeAll, undefined, forCommit);
}
