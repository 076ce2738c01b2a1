// The bundle of the module, as a hub publishes it.

import { readFile } from 'node:fs/promises';
import { bundleUrl } from '@agora/module/bundle';
import { HubError } from './hub-error.ts';

/** Reads the built module. Throws `hub/not-built` in a checkout where it has not been built. */
export async function readBundle(): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await readFile(bundleUrl);
  } catch (cause) {
    throw new HubError('hub/not-built', 'The module is not built; run `npm start` or `pnpm build`.', { cause });
  }
}
