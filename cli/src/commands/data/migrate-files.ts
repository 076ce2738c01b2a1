// `agora migrate-files`: sends the files of an old inbox tree as messages.

import { statSync } from 'node:fs';
import type { AgoraClient } from '@agora/client';
import { z } from 'zod';
import { CliError, EXIT, hasCode } from '../../base/cli-error.ts';
import { oneLine } from '../../base/printable-text.ts';
import { actAs } from '../../command/act-as.ts';
import type { CommandContext } from '../../command/command-context.ts';
import { defineCommand } from '../../command/command.ts';
import { migrate } from '../../migrate/migration.ts';
import { predictRefusal } from '../../migrate/predict-refusal.ts';
import type { Outcome, MigrationHub } from '../../migrate/types.ts';
import { codeOf, MIGRATED } from '../../migrate/walk-tree.ts';

/** The sender of the messages without `--as`. */
const SENDER = 'file-migration';
const PROGRESS_MS = 500;

export default defineCommand({
  input: z.object({
    folder: z.string(),
    to: z.string().optional(),
    type: z.string().optional(),
    override: z.boolean().default(false),
    handledToo: z.boolean().default(false),
    dryRun: z.boolean().default(false),
    resend: z.boolean().default(false),
  }),
  async run(context, { folder, ...flags }) {
    const root = context.path(folder);
    checkFolder(root, folder);
    const client = await (flags.dryRun ? context.connect() : actAs(context, SENDER));
    const hub = await migrationHub(client);
    const counts: Counts = { sent: 0, left: 0, unmoved: 0, skipped: 0, 'would-send': 0 };
    const progress = new Progress(context);
    try {
      for await (const outcome of migrate({ root, ...flags, now: new Date(), signal: context.signal }, hub)) {
        counts[outcome.outcome]++;
        progress.show(counts);
        await printOutcome(context, outcome, () => progress.clear());
      }
    } catch (thrown) {
      throw isSystemError(thrown) ? unwritable(thrown) : thrown;
    } finally {
      progress.clear();
      await printSummary(context, counts, { root, isDry: flags.dryRun });
    }
    if (counts.left > 0 || counts.unmoved > 0) context.exit = EXIT.partial;
  },
});

function isSystemError(thrown: unknown): thrown is NodeJS.ErrnoException {
  return thrown instanceof Error && 'syscall' in thrown;
}

/** The migration stops, since it must record each file before it sends it. */
function unwritable(cause: NodeJS.ErrnoException): CliError {
  const sentence = `${MIGRATED} in the tree cannot be written (${cause.code}); files that are not listed above are unchanged.`;
  return new CliError('cli/unwritable', sentence, EXIT.failed, { cause });
}

type Counts = Record<Outcome['outcome'], number>;

function checkFolder(root: string, typed: string): void {
  let isFolder = false;
  try {
    isFolder = statSync(root).isDirectory();
  } catch (cause) {
    throw new CliError('cli/unreadable', `The folder ${typed} cannot be read (${codeOf(cause)}).`, EXIT.usage, {
      cause,
    });
  }
  if (!isFolder) throw new CliError('cli/unreadable', `${typed} is not a folder.`, EXIT.usage);
}

async function migrationHub(client: AgoraClient): Promise<MigrationHub> {
  const { createId } = await import('@agora/client');
  const names = new Set((await client.findAgents()).map(agent => agent.name));
  return {
    createId,
    send: message => client.sendMessage(message),
    knows: id =>
      client.messageStatus(id).then(
        () => true,
        (error: unknown) => {
          if (hasCode(error, 'message/unknown')) return false;
          throw error;
        },
      ),
    predictRefusal: message => predictRefusal(message, names),
  };
}

/** Prints every outcome for programs; for people, only files that were not sent. */
async function printOutcome(context: CommandContext, outcome: Outcome, clear: () => void): Promise<void> {
  const { output } = context;
  if (!output.isJson && outcome.outcome === 'sent') return;
  clear();
  await output.data(outcome, () => {
    // A file name may contain any character but a slash.
    const file = oneLine(outcome.file);
    if ('to' in outcome)
      return `${output.paint('green', 'would send')}  ${file}  to ${outcome.to.join(', ')} as ${outcome.type}`;
    const style = outcome.outcome === 'skipped' ? 'dim' : 'red';
    return `${output.paint(style, outcome.outcome)}  ${file}  ${oneLine(outcome.reason)}`;
  });
}

async function printSummary(
  context: CommandContext,
  counts: Counts,
  { root, isDry }: { root: string; isDry: boolean },
): Promise<void> {
  const { sent, left, unmoved, skipped, 'would-send': wouldSend } = counts;
  const summary = isDry ? { wouldSend, left, skipped } : { sent, left, unmoved, skipped };
  await context.output.data({ summary }, () => {
    if (isDry) return `${count(wouldSend)} would be sent, ${left} left in place, ${skipped} skipped.`;
    const rest =
      left + unmoved === 0
        ? 'none left'
        : `${left} left in place${unmoved > 0 ? `, ${unmoved} sent but not moved` : ''}`;
    return `${count(sent)} sent and moved to ${root}/${MIGRATED}; ${rest}; ${skipped} skipped.`;
  });
}

function count(files: number): string {
  return `${files} ${files === 1 ? 'file' : 'files'}`;
}

/** A counter line on a terminal. */
class Progress {
  readonly #stderr: CommandContext['io']['stderr'];
  readonly #isEnabled: boolean;
  #shownAt = 0;
  #isOnScreen = false;

  constructor({ io, output }: CommandContext) {
    this.#stderr = io.stderr;
    this.#isEnabled = io.stderr.isTTY === true && !output.isJson;
  }

  show(counts: Counts): void {
    if (!this.#isEnabled || performance.now() - this.#shownAt < PROGRESS_MS) return;
    this.#shownAt = performance.now();
    this.#isOnScreen = true;
    this.#stderr.write(`\r\u001b[K${counts.sent + counts['would-send']} sent, ${counts.left} left …`);
  }

  clear(): void {
    if (this.#isOnScreen) this.#stderr.write('\r\u001b[K');
    this.#isOnScreen = false;
  }
}
