// Migrates a tree: sends its files as messages, one window at a time, and moves the files that the hub has accepted.

import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasCode } from '../base/cli-error.ts';
import { FileError, type FileCode } from './file-error.ts';
import { Journal, type Pending, type Sending } from './journal.ts';
import { Mover } from './mover.ts';
import { prepareAll, type Prepared } from './prepare.ts';
import { takeLock } from './take-lock.ts';
import type { MigrationOptions, Outcome, MigrationHub } from './types.ts';
import { MIGRATED } from './walk-tree.ts';

/** The size of a window: at most this many files or bytes are being sent at a time. */
const WINDOW_FILES = 256;
const WINDOW_BYTES = 1024 * 1024;
/** How often files over the rate limit are sent again, and the pause before each try. */
const RATE_TRIES = 40;
const RATE_PAUSE_MS = 250;

/** Migrates a tree, and yields the outcome of every file. Throws when the connection is lost or the signal is aborted. */
export async function* migrate(options: MigrationOptions, hub: MigrationHub): AsyncGenerator<Outcome, void> {
  if (options.dryRun) yield* dryRun(options, hub);
  else yield* perform(options, hub);
}

async function* dryRun(options: MigrationOptions, hub: MigrationHub): AsyncGenerator<Outcome, void> {
  for await (const found of prepareAll(options)) {
    if ('outcome' in found) {
      yield found;
      continue;
    }
    const { path: file, message } = found;
    const refusal = hub.predictRefusal(message);
    if (refusal) yield { file, outcome: 'left', ...refusal };
    else yield { file, outcome: 'would-send', to: message.to, type: message.messageType };
  }
}

async function* perform(options: MigrationOptions, hub: MigrationHub): AsyncGenerator<Outcome, void> {
  const { root, signal } = options;
  await mkdir(join(root, MIGRATED), { recursive: true });
  const unlock = takeLock(join(root, MIGRATED, '.lock'));
  try {
    await using journal = await Journal.open(join(root, MIGRATED, '.journal'), target =>
      existsSync(join(root, target)),
    );
    const mover = new Mover(root, journal.targets());
    let window: Prepared[] = [];
    let bytes = 0;
    for await (const found of prepareAll(options)) {
      signal.throwIfAborted();
      if ('outcome' in found) {
        yield found;
        continue;
      }
      window.push(found);
      bytes += found.bytes;
      if (window.length < WINDOW_FILES && bytes < WINDOW_BYTES) continue;
      yield* sendWindow(window, options, { hub, journal, mover });
      window = [];
      bytes = 0;
    }
    yield* sendWindow(window, options, { hub, journal, mover });
  } finally {
    unlock();
  }
}

interface Services {
  readonly hub: MigrationHub;
  readonly journal: Journal;
  readonly mover: Mover;
}

/** A file with its message id and its target. */
interface Ready extends Prepared {
  readonly sending: Sending;
  readonly earlier: Pending | undefined;
}

type Sent = { readonly ready: Ready; readonly error?: unknown };

async function* sendWindow(
  window: readonly Prepared[],
  options: MigrationOptions,
  services: Services,
): AsyncGenerator<Outcome, void> {
  const { hub, journal, mover } = services;
  const ready = window.map((prepared): Ready => {
    const { path, digest } = prepared;
    const earlier = journal.pending(path, digest);
    const sending = earlier ?? { path, digest, id: hub.createId(), target: mover.targetOf(path) };
    return { ...prepared, sending, earlier };
  });
  await journal.sending(ready.filter(each => !each.earlier).map(each => each.sending));
  const sent = await sendAll(ready, options, services);
  const accepted = sent.filter(each => each.error === undefined).map(each => each.ready);
  await journal.accepted(accepted.filter(each => !each.earlier?.isAccepted).map(each => each.sending.id));

  const settled: string[] = [];
  const outcomes: Outcome[] = [];
  let lost: Error | undefined;
  for (const { ready: each, error } of sent) {
    const { path: file, message, sending } = each;
    if (error !== undefined) {
      // The hub may or may not have the message: the journal keeps the file for the next run.
      if (isLoss(error)) lost = error;
      else {
        const { code, message } = describe(error);
        outcomes.push({ file, outcome: 'left', code, reason: message });
        // An uncertain file stays pending until a run with --resend.
        if (code !== 'file/uncertain') settled.push(sending.id);
      }
      continue;
    }
    const problem = await mover.move({ ...sending, version: each.version });
    if (problem === undefined) {
      const { id: messageId, target: movedTo } = sending;
      outcomes.push({ file, outcome: 'sent', messageId, to: message.to, type: message.messageType, movedTo });
    } else outcomes.push({ file, outcome: 'unmoved', ...problem });
    // A sent file that cannot be moved stays pending: the next run only moves it.
    if (problem?.code !== 'file/unmoved') settled.push(sending.id);
  }
  await journal.settled(settled);
  yield* outcomes;
  if (lost) throw lost;
}

/** Sends a window; files over the rate limit are sent again after a pause. */
async function sendAll(window: readonly Ready[], options: MigrationOptions, services: Services): Promise<Sent[]> {
  const done: Sent[] = [];
  let left = window;
  for (let tries = 1; ; tries++) {
    const results = await Promise.all(left.map(ready => sendOne(ready, options, services)));
    const again = results.filter(each => hasCode(each.error, 'quota/rate')).map(each => each.ready);
    const isOver = again.length === 0 || tries === RATE_TRIES || options.signal.aborted;
    done.push(...results.filter(each => isOver || !again.includes(each.ready)));
    if (isOver) return done;
    left = again;
    await sleep(RATE_PAUSE_MS);
  }
}

async function sendOne(
  ready: Ready,
  options: MigrationOptions,
  services: Pick<Services, 'hub' | 'journal'>,
): Promise<Sent> {
  const { message, sending, earlier } = ready;
  const { hub, journal } = services;
  if (earlier?.isAccepted) return { ready };
  try {
    await hub.send({ ...message, id: sending.id });
    return { ready };
  } catch (error) {
    if (!earlier) return { ready, error };
    // The hub accepted it from a run with other flags, or from an agent that was registered again since.
    if (hasCode(error, 'message/id-reused')) return { ready };
    if (!hasCode(error, 'message/id-too-old')) return { ready, error };
    if (await hub.knows(sending.id)) return { ready };
    if (!options.resend) return { ready, error: new FileError('file/uncertain', UNCERTAIN) };
    // The hub no longer accepts the old id.
    const renewed: Ready = { ...ready, sending: { ...sending, id: hub.createId() }, earlier: undefined };
    await journal.sending([renewed.sending]);
    return sendOne(renewed, options, services);
  }
}

const UNCERTAIN =
  'was being sent when an earlier run ended, and the hub no longer knows the id; use --resend to send it again';

/** Returns true if the connection is lost or the hub does not answer: then the outcome is unknown. */
function isLoss(error: unknown): error is Error {
  const { code } = describe(error);
  return code.startsWith('connection/') || code.startsWith('client/') || hasCode(error, 'call/timed-out');
}

function describe(error: unknown): { code: string; message: string } {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ('file/unsendable' satisfies FileCode);
  return { code, message: error instanceof Error ? error.message : String(error) };
}
