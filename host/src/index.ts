// Public API of the host.

export { HostError, type HostErrorCode } from './errors.ts';
export { startHost, type Host, type HostOptions } from './host.ts';
export type { OpenDatabase, Published } from './server/databases.ts';
export type { HostRoute, HostRouteContext } from './server/mounts.ts';
export type { AllowPublish } from './server/publishers.ts';
export type { Credentials } from './server/tokens.ts';
export { isLoopbackName, parseOrigin } from './server/web-access.ts';
export { backupFolder, restoreBackup } from './storage/backup.ts';
export { folderHolder } from './storage/folder-lock.ts';
export type { Backup } from './storage/folder-copy.ts';
export { systemWorld, type Timer, type World } from './world.ts';
