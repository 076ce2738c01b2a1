// Folder of the user's Agora files.

import { homedir } from 'node:os';
import { join } from 'node:path';

/** Returns the folder of the user's Agora files: `AGORA_HOME`, or `agora` in `XDG_CONFIG_HOME` or `~/.config`. */
export function agoraHome(): string {
  const { AGORA_HOME, XDG_CONFIG_HOME } = process.env;
  return AGORA_HOME || join(XDG_CONFIG_HOME || join(homedir(), '.config'), 'agora');
}
