// The contract for clients, beside the tables: words, limits, codes and wire shapes. It imports no other part of the module.

export * from './codes.ts';
export * from './limits.ts';
export * from './path-pattern.ts';
export * from './wire.ts';
export * from './words.ts';
