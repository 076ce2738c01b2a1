// Root of this repository, whose packages the demo documents.

import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The absolute path of the repository. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
