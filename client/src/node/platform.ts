// What differs on Node.js. `package.json` has `#platform` lead here, or to `../platform.ts`.

export { findOpenTelemetry, openScope } from './context.ts';
export { fileOutbox as openOutboxFile } from './outbox-file.ts';
export { onSignals } from './signals.ts';
export { defaultTokenStore } from './token-file.ts';
export { runtimeWebSocket } from './web-socket.ts';
