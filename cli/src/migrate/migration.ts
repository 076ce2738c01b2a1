// Sends the files of a tree as messages, a window at a time, and moves aside what the hub has.

import { createHash } from 'node:crypto';
import { constants, existsSync, type Stats } from 'node:fs';
import { copyFile, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OutgoingMessage } from '@agora/client';
import { Journal, type Pending, type Sending } from './journal.ts';
import { isReadable, LetterFault, readLetter, unknownKind, type Letter, type LetterOptions } from './letter.ts';
import { takeLock } from './lock.ts';
import { codeOf, MIGRATED, walk } from './walk.ts';

/** What became of a file. */
export type Outcome =
  | {
      readonly file: string;
      readonly outcome: 'sent';
      readonly messageId: string;
      readonly to: readonly string[];
      readonly type: string;
      /** Where it is now, relative to the tree. */
      readonly movedTo: string;
    }
  | {
      readonly file: string;
      /** `left`: not sent. `unmoved`: sent, but still there; the next run only moves it. `skipped`: not meant to be sent. */
      readonly outcome: 'left' | 'unmoved' | 'skipped';
      readonly code?: string;
      readonly reason: string;
    }
  | { readonly file: string; readonly outcome: 'would-send'; readonly to: readonly string[]; readonly type: string };

/** What a migration needs of the hub. */
export interface Post {
  /** Settles once the hub has it. Rejects with an error that has a `code`. */
  send(message: OutgoingMessage): Promise<unknown>;
  /** Whether the hub knows a message that was sent before. */
  knows(id: string): Promise<boolean>;
  createId(): string;
  /** Why the hub would not take it, as far as can be told without sending it: for a dry run. */
  refusal(letter: Letter): { readonly code: string; readonly reason: string } | undefined;
}

/** What is migrated, and how. */
export interface MigrationOptions extends LetterOptions {
  readonly root: string;
  readonly handledToo: boolean;
  readonly dryRun: boolean;
  /** Send again what an earlier run may have sent too long ago to tell. */
  readonly resend: boolean;
  readonly signal: AbortSignal;
}

/** So many files, or bytes of them, are on their way at once. */
const WINDOW_FILES = 256;
const WINDOW_BYTES = 1024 * 1024;
/** Nothing larger can be a message (256 KiB of payload), however it is written. */
const MOST_BYTES = 2 * 1024 * 1024;
/** How often a window is tried again that the hub takes too fast, and the first pause. */
const RATE_TRIES = 40;
const RATE_PAUSE_MS = 250;

interface Prepared {
  readonly path: string;
  readonly digest: string;
  readonly bytes: number;
  /** Changes with the file. */
  readonly version: string;
  readonly letter: Letter;
}

/** Goes through a tree and tells of every file what became of it. Throws when the connection is lost, or it is aborted. */
export async function* migrate(options: MigrationOptions, post: Post): AsyncGenerator<Outcome, void> {
  if (options.dryRun) yield* rehearse(options, post);
  else yield* perform(options, post);
}

async function* rehearse(options: MigrationOptions, post: Post): AsyncGenerator<Outcome, void> {
  for await (const found of prepareAll(options)) {
    if ('outcome' in found) {
      yield found;
      continue;
    }
    const { path: file, letter } = found;
    const refusal = post.refusal(letter);
    if (refusal) yield { file, outcome: 'left', ...refusal };
    else yield { file, outcome: 'would-send', to: letter.to, type: letter.messageType };
  }
}

async function* perform(options: MigrationOptions, post: Post): AsyncGenerator<Outcome, void> {
  const { root, signal } = options;
  await mkdir(join(root, MIGRATED), { recursive: true });
  const unlock = takeLock(join(root, MIGRATED, '.lock'));
  try {
    await using journal = await Journal.open(join(root, MIGRATED, '.journal'), target =>
      existsSync(join(root, target)),
    );
    const mover = new Mover(root);
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
      yield* sendWindow(window, options, { post, journal, mover });
      window = [];
      bytes = 0;
    }
    yield* sendWindow(window, options, { post, journal, mover });
  } finally {
    unlock();
  }
}

/** Every file as a message, or why it is none. */
async function* prepareAll(options: MigrationOptions): AsyncGenerator<Prepared | Outcome, void> {
  for await (const entry of walk(options.root, options)) {
    options.signal.throwIfAborted();
    const { path: file } = entry;
    if (entry.kind === 'file') yield await prepare(file, options);
    else if (entry.kind === 'skipped') yield { file, outcome: 'skipped', reason: entry.reason };
    else yield { file, outcome: 'left', code: entry.code, reason: entry.reason };
  }
}

async function prepare(path: string, options: MigrationOptions): Promise<Prepared | Outcome> {
  try {
    if (!isReadable(path)) throw new LetterFault('file/unknown-kind', unknownKind(path));
    const { content, stats } = await readContent(join(options.root, path));
    const letter = readLetter(path, decode(content), stats.mtime, options);
    const digest = createHash('sha256').update(content).digest('base64url');
    return { path, digest, bytes: content.length, version: versionOf(stats), letter };
  } catch (error) {
    const isFault = error instanceof LetterFault;
    const code = isFault ? error.code : 'file/unreadable';
    const reason = isFault ? error.message : `cannot be read (${codeOf(error)})`;
    return { file: path, outcome: 'left', code, reason };
  }
}

async function readContent(path: string): Promise<{ content: Buffer; stats: Stats }> {
  // A file that was swapped for a link or a pipe meanwhile is not followed, and not waited for.
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stats = await file.stat();
    const { size } = stats;
    if (size > MOST_BYTES) throw new LetterFault('file/too-large', `has ${size} bytes; a message has at most 256 KiB`);
    return { content: await file.readFile(), stats };
  } finally {
    await file.close();
  }
}

function versionOf({ ino, size, mtimeMs }: Stats): string {
  return `${ino} ${size} ${mtimeMs}`;
}

function decode(content: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch {
    throw new LetterFault('file/not-text', 'is no text in UTF-8');
  }
}

interface Tools {
  readonly post: Post;
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
  const { post, journal, mover } = tools;
  const ready = window.map((prepared): Ready => {
    const { path, digest } = prepared;
    const earlier = journal.pending(path, digest);
    const sending = earlier ?? { path, digest, id: post.createId(), target: mover.targetOf(path) };
    return { ...prepared, sending, earlier };
  });
  await journal.sending(ready.filter(each => !each.earlier).map(each => each.sending));
  const sent = await sendAll(ready, options, tools);
  const accepted = sent.filter(each => each.error === undefined).map(each => each.ready);
  await journal.accepted(accepted.filter(each => !each.earlier?.isAccepted).map(each => each.sending.id));

  const settled: string[] = [];
  const outcomes: Outcome[] = [];
  let lost: unknown;
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
    const problem = await mover.move(each, sending);
    if (problem === undefined) {
      const { id: messageId, target: movedTo } = sending;
      outcomes.push({ file, outcome: 'sent', messageId, to: letter.to, type: letter.messageType, movedTo });
    } else outcomes.push({ file, outcome: 'unmoved', ...problem });
    // What is sent and cannot be moved stays open: the next run only moves it.
    if (problem?.code !== 'file/unmoved') settled.push(sending.id);
  }
  await journal.settled(settled);
  yield* outcomes;
  if (lost !== undefined) throw lost;
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
  const { post, journal } = tools;
  if (earlier?.isAccepted) return { ready };
  try {
    await post.send({ ...letter, id: sending.id });
    return { ready };
  } catch (error) {
    if (!earlier) return { ready, error };
    const { code } = wordsOf(error);
    // It was accepted under other flags, or by an agent that is registered anew.
    if (code === 'message/id-reused') return { ready };
    if (code !== 'message/id-too-old') return { ready, error };
    if (await post.knows(sending.id)) return { ready };
    if (!options.resend) return { ready, error: new Uncertain() };
    // The old id is of no use any more.
    const anew: Ready = { ...ready, sending: { ...sending, id: post.createId() }, earlier: undefined };
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
function isLoss(error: unknown): boolean {
  const { code } = wordsOf(error);
  return code.startsWith('connection/') || code.startsWith('client/') || code === 'call/timed-out';
}

function wordsOf(error: unknown): { code: string; message: string } {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'file/unsendable';
  return { code, message: error instanceof Error ? error.message : String(error) };
}

/** Moves files to the same place below `.migrated`. */
class Mover {
  readonly #root: string;
  readonly #made = new Set<string>();
  /** Targets of the window that are promised and not there yet. */
  readonly #promised = new Set<string>();

  constructor(root: string) {
    this.#root = root;
  }

  /** Where a file will go: its own place, or one beside it that is free. */
  targetOf(path: string): string {
    for (let copy = 1; ; copy++) {
      const target = `${MIGRATED}/${copy === 1 ? path : path.replace(/(\.[^./]*)?$/, `.${copy}$1`)}`;
      if (this.#promised.has(target) || existsSync(join(this.#root, target))) continue;
      this.#promised.add(target);
      return target;
    }
  }

  /** Returns why it was not moved. */
  async move({ path, version }: Prepared, { target }: Sending): Promise<{ code: string; reason: string } | undefined> {
    const from = join(this.#root, path);
    const to = join(this.#root, target);
    try {
      if (versionOf(await stat(from)) !== version) {
        return {
          code: 'file/changed',
          reason: 'was written to while it was sent; what it says now is another message',
        };
      }
      const folder = dirname(to);
      if (!this.#made.has(folder)) await mkdir(folder, { recursive: true });
      this.#made.add(folder);
      await rename(from, to).catch(async (error: unknown) => {
        if (codeOf(error) !== 'EXDEV') throw error;
        await copyAway(from, to);
      });
      return undefined;
    } catch (error) {
      return { code: 'file/unmoved', reason: `was sent, but cannot be moved to ${target} (${codeOf(error)})` };
    } finally {
      this.#promised.delete(target);
    }
  }
}

/** To another file system: whole under its name, or not there. */
async function copyAway(from: string, to: string): Promise<void> {
  const draft = `${to}.draft`;
  await copyFile(from, draft);
  const { atime, mtime } = await stat(from);
  const file = await open(draft, 'r+');
  try {
    await file.utimes(atime, mtime);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, to);
  await rm(from);
}
