// Sends the files of a tree as messages, a window at a time, and moves aside what the hub has.

import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Journal, type Pending, type Sending } from './journal.ts';
import { takeLock } from './take-lock.ts';
import { Mover } from './mover.ts';
import type { MigrationOptions, Outcome, MigrationHub } from './types.ts';
import { prepareAll, type Prepared } from './prepare.ts';
import { MIGRATED } from './walk-tree.ts';

/** So many files, or bytes of them, are on their way at once. */
const WINDOW_FILES = 256;
const WINDOW_BYTES = 1024 * 1024;
/** How often a window is tried again that the hub takes too fast, and the first pause. */
const RATE_TRIES = 40;
const RATE_PAUSE_MS = 250;

/** Goes through a tree and tells of every file what became of it. Throws when the connection is lost, or it is aborted. */
export async function* migrate(options: MigrationOptions, hub: MigrationHub): AsyncGenerator<Outcome, void> {
  if (options.dryRun) yield* rehearse(options, hub);
  else yield* perform(options, hub);
}

async function* rehearse(options: MigrationOptions, hub: MigrationHub): AsyncGenerator<Outcome, void> {
  for await (const found of prepareAll(options)) {
    if ('outcome' in found) {
      yield found;
      continue;
    }
    const { path: file, letter } = found;
    const refusal = hub.refusal(letter);
    if (refusal) yield { file, outcome: 'left', ...refusal };
    else yield { file, outcome: 'would-send', to: letter.to, type: letter.messageType };
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

interface Tools {
  readonly hub: MigrationHub;
  readonly journal: Journal;
  readonly mover: Mover;
}

/** A file of a window that has its id and its target. */
interface Ready extends Prepared {
  readonly sending: Sending;
  readonly earlier: Pending | undefined;
}

type Sent = { readonly ready: Ready; readonly error?: unknown };

async function* sendWindow(
  window: readonly Prepared[],
  options: MigrationOptions,
  tools: Tools,
): AsyncGenerator<Outcome, void> {
  const { hub, journal, mover } = tools;
  const ready = window.map((prepared): Ready => {
    const { path, digest } = prepared;
    const earlier = journal.pending(path, digest);
    const sending = earlier ?? { path, digest, id: hub.createId(), target: mover.targetOf(path) };
    return { ...prepared, sending, earlier };
  });
  await journal.sending(ready.filter(each => !each.earlier).map(each => each.sending));
  const sent = await sendAll(ready, options, tools);
  const accepted = sent.filter(each => each.error === undefined).map(each => each.ready);
  await journal.accepted(accepted.filter(each => !each.earlier?.isAccepted).map(each => each.sending.id));

  const settled: string[] = [];
  const outcomes: Outcome[] = [];
  let lost: Error | undefined;
  for (const { ready: each, error } of sent) {
    const { path: file, letter, sending } = each;
    if (error !== undefined) {
      // Whether the hub got it is not known: the journal keeps it, and the next run finds out.
      if (isLoss(error)) lost = error;
      else {
        const { code, message } = wordsOf(error);
        outcomes.push({ file, outcome: 'left', code, reason: message });
        // What may have been sent long ago stays open, until somebody says what to do.
        if (code !== 'file/uncertain') settled.push(sending.id);
      }
      continue;
    }
    const problem = await mover.move({ ...sending, version: each.version });
    if (problem === undefined) {
      const { id: messageId, target: movedTo } = sending;
      outcomes.push({ file, outcome: 'sent', messageId, to: letter.to, type: letter.messageType, movedTo });
    } else outcomes.push({ file, outcome: 'unmoved', ...problem });
    // What is sent and cannot be moved stays open: the next run only moves it.
    if (problem?.code !== 'file/unmoved') settled.push(sending.id);
  }
  await journal.settled(settled);
  yield* outcomes;
  if (lost) throw lost;
}

/** Sends a window; what the hub takes too fast is sent again, more slowly. */
async function sendAll(window: readonly Ready[], options: MigrationOptions, tools: Tools): Promise<Sent[]> {
  const done: Sent[] = [];
  let left = window;
  for (let tries = 1; ; tries++) {
    const results = await Promise.all(left.map(ready => sendOne(ready, options, tools)));
    const again = results.filter(each => wordsOf(each.error).code === 'quota/rate').map(each => each.ready);
    const isOver = again.length === 0 || tries === RATE_TRIES || options.signal.aborted;
    done.push(...results.filter(each => isOver || !again.includes(each.ready)));
    if (isOver) return done;
    left = again;
    await sleep(RATE_PAUSE_MS);
  }
}

async function sendOne(ready: Ready, options: MigrationOptions, tools: Pick<Tools, 'post' | 'journal'>): Promise<Sent> {
  const { letter, sending, earlier } = ready;
  const { hub, journal } = tools;
  if (earlier?.isAccepted) return { ready };
  try {
    await hub.send({ ...letter, id: sending.id });
    return { ready };
  } catch (error) {
    if (!earlier) return { ready, error };
    const { code } = wordsOf(error);
    // It was accepted under other flags, or by an agent that is registered anew.
    if (code === 'message/id-reused') return { ready };
    if (code !== 'message/id-too-old') return { ready, error };
    if (await hub.knows(sending.id)) return { ready };
    if (!options.resend) return { ready, error: new Uncertain() };
    // The old id is of no use any more.
    const anew: Ready = { ...ready, sending: { ...sending, id: hub.createId() }, earlier: undefined };
    await journal.sending([anew.sending]);
    return sendOne(anew, options, tools);
  }
}

class Uncertain extends Error {
  readonly code = 'file/uncertain';

  constructor() {
    super('was being sent when an earlier run ended, too long ago to tell whether it was; --resend sends it (again)');
  }
}

/** Whether the connection is lost, or nobody answers: nothing is known then. */
function isLoss(error: unknown): error is Error {
  const { code } = wordsOf(error);
  return code.startsWith('connection/') || code.startsWith('client/') || code === 'call/timed-out';
}

function wordsOf(error: unknown): { code: string; message: string } {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'file/unsendable';
  return { code, message: error instanceof Error ? error.message : String(error) };
}
