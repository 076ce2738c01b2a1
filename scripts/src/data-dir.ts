// Where `npm start` keeps the data of the hub.

import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Where a hub keeps its data unless it is told otherwise. */
export const DEFAULT_DATA_DIR = resolve(ROOT, '.agora');
