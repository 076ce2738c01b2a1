// Public API of the hub.

export { readBundle } from './bundle.ts';
export { DATABASE_NAME } from './database-name.ts';
export { HubError, type HubErrorCode } from './hub-error.ts';
export { startHub, type Hub, type HubOptions } from './start-hub.ts';
