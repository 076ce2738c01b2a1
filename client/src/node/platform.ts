// Platform of Node.js. `package.json` resolves `#platform` to this file, or to `../browser/platform.ts`.

export { findOpenTelemetry, openScope } from './context.ts';
export { fileOutbox as openOutboxFile } from './outbox-file.ts';
export { onSignals } from './signals.ts';
export { defaultTokenStore } from './token-file.ts';
export { runtimeWebSocket } from './web-socket.ts';
