// `pnpm bench <name> [--quick] [--json]`: runs one load and prints the results. Progress goes to standard error.

import { parseArgs } from 'node:util';
import type { Load, Report, Size } from './harness.ts';
import { claims } from './loads/claims.ts';
import { delivery } from './loads/delivery.ts';
import { direct } from './loads/direct.ts';
import { host } from './loads/host.ts';
import { mcp } from './loads/mcp.ts';
import { rows } from './loads/rows.ts';
import { workflow } from './loads/workflow.ts';

const LOADS = [start(direct), start(delivery), start(workflow), start(host), start(rows), start(claims), start(mcp)];

const USAGE = `pnpm bench <name> [--quick] [--json]

  <name>     what to measure: ${LOADS.map(load => load.name).join(', ')}
  --quick    fewer rounds and messages: shows that it works, not how fast it is
  --json     one JSON object on standard output and nothing else`;

/** Runs one command line; returns the exit code. */
async function main(argv: readonly string[]): Promise<number> {
  let flags;
  try {
    const options = { quick: { type: 'boolean' }, json: { type: 'boolean' }, help: { type: 'boolean' } } as const;
    flags = parseArgs({ args: [...argv], options, allowPositionals: true });
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return 2;
  }
  if (flags.values.help) {
    console.log(USAGE);
    return 0;
  }
  const load = LOADS.find(({ name }) => name === flags.positionals[0]);
  if (!load || flags.positionals.length !== 1) {
    const known = LOADS.map(({ name }) => name).join(', ');
    console.error(`There is no load "${flags.positionals.join(' ')}"; there are: ${known}.`);
    return 2;
  }
  return load.run(flags.values.quick ? 'quick' : 'full', flags.values.json ?? false);
}

/** A load that prints its report and returns the exit code. */
function start<Result extends Report>(load: Load<Result>) {
  return {
    name: load.name,
    async run(size: Size, isJson: boolean): Promise<number> {
      const report = await load.run(size, line => console.error(line));
      console.log(isJson ? JSON.stringify(report) : load.print(report));
      return report.audit.ok ? 0 : 1;
    },
  };
}

process.exitCode = await main(process.argv.slice(2));
