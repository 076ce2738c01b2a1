// Entry point of the installation into the settings of coding agents.

export {
  INSTALL_CLIENT_NAMES,
  INSTALL_CLIENTS,
  SERVER_NAME,
  type InstallClientName,
  type Program,
  type SettingsFile,
  type UserPlaces,
} from './clients.ts';
export { applyPlan, planInstall, type InstallPlan, type PlannedFile } from './install.ts';
export { inspectInstall, type Inspection } from './inspect.ts';
export { SettingsError } from './json-file.ts';
