// The hub's own work as a process of its own.

import { z } from 'zod';
import { servePart } from '../part.ts';
import { measureCost } from './cost.ts';

const Turns = z.object({ warmUp: z.number(), measured: z.number() });

servePart({ measure: argument => measureCost(Turns.parse(argument)) });
