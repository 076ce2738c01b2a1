// The question and its answer, for both programs: the compiler knows them, and both ends check them.

import { defineMessages } from '@agora/client';
import * as z from 'zod';

export const types = defineMessages({
  translate: {
    payload: z.object({ text: z.string().min(1), to: z.enum(['de', 'fr']) }),
    answer: z.object({ text: z.string() }),
  },
});
