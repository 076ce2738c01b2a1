// The name of a group: a shell takes an unquoted # as a comment, so the sign may be left out.

import { z } from 'zod';

/** The schema of a group. */
export const groupName = z
  .string()
  .min(1)
  .transform(name => (name.startsWith('#') ? name : `#${name}`));
