// Measures a point in a separate process, so that points do not share a heap.

import { z } from 'zod';
import { servePart } from '../part.ts';
import { measurePoint } from './point.ts';

const Asked = z.object({
  point: z.object({ stored: z.number(), agents: z.number() }),
  blocks: z.object({ warmUp: z.number(), measured: z.number() }),
});

servePart({
  async measure(argument) {
    const { point, blocks } = Asked.parse(argument);
    return measurePoint(point, blocks);
  },
});
