// Where Agora keeps what belongs to the user.

import { homedir } from 'node:os';
import { join } from 'node:path';

/** The folder of the user's own files: `AGORA_HOME`, or `agora` in `XDG_CONFIG_HOME` or `~/.config`. */
export function agoraHome(): string {
  const { AGORA_HOME, XDG_CONFIG_HOME } = process.env;
  return AGORA_HOME || join(XDG_CONFIG_HOME || join(homedir(), '.config'), 'agora');
}
