// `agora workflow start`: starts a workflow from a definition in a file or on standard input.

import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { CliError, EXIT } from '../../base/cli-error.ts';
import { actAs } from '../../command/act-as.ts';
import type { CommandContext } from '../../command/command-context.ts';
import { defineCommand } from '../../command/command.ts';
import { readAll } from '../../command/payload.ts';
import { checkWaitFlags, waitFlags, reportStart } from './report-start.ts';

const pair = z.string().regex(/^[^=]+=/, 'key=value, as in --metadata ticket=42');

export default defineCommand({
  input: z.object({ file: z.string(), metadata: z.array(pair).default([]), ...waitFlags }),
  async run(context, input) {
    checkWaitFlags(input);
    const source = await readSource(context, input.file);
    const client = await actAs(context);
    const metadata = Object.fromEntries(input.metadata.map(parsePair));
    const handle = await withFaultsOnLines(() => client.startWorkflowCoordination(source, { metadata }));
    const started = { client, handle };
    await reportStart(context, started, input);
  },
});

async function readSource(context: CommandContext, file: string): Promise<string> {
  if (file === '-') return readAll(context);
  try {
    return await readFile(context.path(file), 'utf8');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new CliError('cli/unreadable', `The definition ${file} cannot be read (${code}).`, EXIT.usage, { cause });
  }
}

function parsePair(pair: string): readonly [key: string, value: unknown] {
  const at = pair.indexOf('=');
  return [pair.slice(0, at), valueOf(pair.slice(at + 1))];
}

/** The parsed text if it is valid JSON, else the text. */
function valueOf(typed: string): unknown {
  try {
    return JSON.parse(typed);
  } catch {
    return typed;
  }
}

/** The separator between the faults in the sentence of the error; each fault begins with its place. */
const FAULT_BEGINS = /; (?=line \d+: |step |participants: |the definition|the steps |[a-z_.]+: |and \d+ more$)/;

/** Rewrites the error of a faulty definition with one line for each fault. */
async function withFaultsOnLines<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    const { AgoraError } = await import('@agora/client');
    if (!(thrown instanceof AgoraError) || thrown.code !== 'workflow/bad-definition') throw thrown;
    const faults = thrown.message.split(FAULT_BEGINS);
    const lines = faults.map(fault => `\n  - ${fault}`);
    throw new AgoraError(
      thrown.code,
      `the definition has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:${lines.join('')}`,
      { cause: thrown },
    );
  }
}
