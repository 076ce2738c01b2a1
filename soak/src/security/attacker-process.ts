// A process that is attacked: `node attacker-process.ts COMBINATIONS LOOPS SEED` prints the result as JSON.

import { runAttack } from './attack.ts';

const [combinations, loops, seed] = process.argv.slice(2).map(Number);
const result = await runAttack(combinations ?? 0, loops ?? 0, seed ?? 1);
console.log(JSON.stringify(result));
process.exit(0);
