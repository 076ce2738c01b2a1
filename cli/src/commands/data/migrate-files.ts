// `agora migrate-files`: an old tree of inbox files becomes messages.

import { statSync } from 'node:fs';
import type { AgoraClient } from '@agora/client';
import { z } from 'zod';
import { actAs } from '../../command/act-as.ts';
import { defineCommand } from '../../command/command.ts';
import type { CommandContext } from '../../command/command-context.ts';
import { CliError, EXIT } from '../../base/cli-error.ts';
import { oneLine } from '../../base/printable-text.ts';
import { migrate } from '../../migrate/migration.ts';
import type { Outcome, MigrationHub } from '../../migrate/types.ts';
import { predictRefusal } from '../../migrate/predict-refusal.ts';
import { codeOf, MIGRATED } from '../../migrate/walk-tree.ts';

/** Who sends, unless `--as` says so. */
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
    const hub = await postOf(client);
    const counts: Counts = { sent: 0, left: 0, unmoved: 0, skipped: 0, 'would-send': 0 };
    const progress = new Progress(context);
    try {
      for await (const outcome of migrate({ root, ...flags, now: new Date(), signal: context.signal }, hub)) {
        counts[outcome.outcome]++;
        progress.told(counts);
        await tell(context, outcome, () => progress.clear());
      }
    } catch (thrown) {
      throw isSystemError(thrown) ? stopped(thrown) : thrown;
    } finally {
      progress.clear();
      await summarise(context, counts, { root, isDry: flags.dryRun });
    }
    if (counts.left > 0 || counts.unmoved > 0) context.exit = EXIT.partial;
  },
});

function isSystemError(thrown: unknown): thrown is NodeJS.ErrnoException {
  return thrown instanceof Error && 'syscall' in thrown;
}

/** What is about to be sent has to be written down first. */
function stopped(cause: NodeJS.ErrnoException): CliError {
  const sentence = `${MIGRATED} in the tree cannot be written (${cause.code}); what is not told above was not touched.`;
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
  if (!isFolder) throw new CliError('cli/unreadable', `${typed} is no folder.`, EXIT.usage);
}

async function postOf(client: AgoraClient): Promise<MigrationHub> {
  const { createId } = await import('@agora/client');
  const names = new Set((await client.findAgents()).map(agent => agent.name));
  return {
    createId,
    send: message => client.sendMessage(message),
    knows: id =>
      client.messageStatus(id).then(
        () => true,
        (error: unknown) => {
          if (error instanceof Error && 'code' in error && error.code === 'message/unknown') return false;
          throw error;
        },
      ),
    refusal: letter => predictRefusal(letter, names),
  };
}

/** Programs hear of every file; people of those that were not sent. */
async function tell(context: CommandContext, outcome: Outcome, clear: () => void): Promise<void> {
  const { output } = context;
  if (!output.isJson && outcome.outcome === 'sent') return;
  clear();
  await output.data(outcome, () => {
    // A name may hold anything but a slash.
    const file = oneLine(outcome.file);
    if ('to' in outcome)
      return `${output.paint('green', 'would send')}  ${file}  to ${outcome.to.join(', ')} as ${outcome.type}`;
    const style = outcome.outcome === 'skipped' ? 'dim' : 'red';
    return `${output.paint(style, outcome.outcome)}  ${file}  ${oneLine(outcome.reason)}`;
  });
}

async function summarise(
  context: CommandContext,
  counts: Counts,
  { root, isDry }: { root: string; isDry: boolean },
): Promise<void> {
  const { sent, left, unmoved, skipped, 'would-send': wouldSend } = counts;
  const summary = isDry ? { wouldSend, left, skipped } : { sent, left, unmoved, skipped };
  await context.output.data({ summary }, () => {
    if (isDry) return `${count(wouldSend)} would be sent, ${left} left where they are, ${skipped} skipped.`;
    const rest =
      left + unmoved === 0
        ? 'none is left'
        : `${left} left where they are${unmoved > 0 ? `, ${unmoved} sent but not moved` : ''}`;
    return `${count(sent)} sent and moved to ${root}/${MIGRATED}; ${rest}; ${skipped} skipped.`;
  });
}

function count(files: number): string {
  return `${files} ${files === 1 ? 'file' : 'files'}`;
}

/** A line on a terminal that counts up. */
class Progress {
  readonly #stderr: CommandContext['io']['stderr'];
  readonly #isShown: boolean;
  #toldAt = 0;
  #isOnScreen = false;

  constructor({ io, output }: CommandContext) {
    this.#stderr = io.stderr;
    this.#isShown = io.stderr.isTTY === true && !output.isJson;
  }

  told(counts: Counts): void {
    if (!this.#isShown || performance.now() - this.#toldAt < PROGRESS_MS) return;
    this.#toldAt = performance.now();
    this.#isOnScreen = true;
    this.#stderr.write(`\r\u001b[K${counts.sent + counts['would-send']} sent, ${counts.left} left …`);
  }

  clear(): void {
    if (this.#isOnScreen) this.#stderr.write('\r\u001b[K');
    this.#isOnScreen = false;
  }
}
