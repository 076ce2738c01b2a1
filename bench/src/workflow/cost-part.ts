// Measures the module's acts in a separate process.

import { z } from 'zod';
import { servePart } from '../part.ts';
import { measureCost } from './cost.ts';

const Turns = z.object({ warmUp: z.number(), measured: z.number() });

servePart({ measure: argument => measureCost(Turns.parse(argument)) });
