// Entry point for programs on Node.js.

export { agoraHome } from './home.ts';
export { fileOutbox } from './outbox-file.ts';
export { defaultTokenPath, defaultTokenStore, fileTokenStore } from './token-file.ts';
