// Keeps a module's deep recursion from cutting the host short in the middle of a write.

// How many words are pushed to find out. A write of rows uses less than 8 KiB of stack; ending a transaction reaches
// storage and subscribers, so it gets 32 KiB. Pushing costs a third of a microsecond per 1,024 words.
const forWrite: readonly undefined[] = new Array<undefined>(1024).fill(undefined);
const forCommit: readonly undefined[] = new Array<undefined>(4096).fill(undefined);

function takeAll(): void {}

/**
 * Throws the engine's RangeError now if the stack is nearly full. A module may recurse until the stack ends and catch
 * that; without this a write could be left half done.
 */
export function requireStackForWrite(): void {
  Reflect.apply(takeAll, undefined, forWrite);
}

/** The same before a transaction of a procedure begins or ends. */
export function requireStackForCommit(): void {
  Reflect.apply(takeAll, undefined, forCommit);
}
