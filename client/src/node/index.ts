// What only programs on Node.js can use.

export { fileTokenStore } from './token-file.ts';
