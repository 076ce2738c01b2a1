// What only programs on Node.js can use.

export { agoraHome } from './home.ts';
export { fileOutbox } from './outbox-file.ts';
export { defaultTokenPath, defaultTokenStore, fileTokenStore } from './token-file.ts';
