// placeholder
import type { Contender } from '../harness.ts';
export const agora: Contender = {
  name: 'agora',
  round: () => Promise.resolve({ measurements: [], audited: 0, faults: [] }),
};
