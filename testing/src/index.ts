// Public API: a hub in the process of your tests.

export { startHub, type ConnectOptions, type StartHubOptions, type TestHub } from './hub.ts';
