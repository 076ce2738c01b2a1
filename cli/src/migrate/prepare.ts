// From the files of a tree to messages, or to why they are none.

import { createHash } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { isReadable, FileMessageError, parseFileMessage, unknownKind, type FileMessage } from './file-message.ts';
import { versionOf } from './mover.ts';
import type { MigrationOptions, Outcome } from './types.ts';
import { codeOf, walk } from './walk-tree.ts';

/** Nothing larger can be a message (256 KiB of payload), however it is written. */
const MAX_BYTES = 2 * 1024 * 1024;

/** A file that can be sent. */
export interface Prepared {
  readonly path: string;
  readonly digest: string;
  readonly bytes: number;
  /** Changes with the file. */
  readonly version: string;
  readonly letter: FileMessage;
}

/** Every file as a message, or why it is none. */
export async function* prepareAll(options: MigrationOptions): AsyncGenerator<Prepared | Outcome, void> {
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
    if (!isReadable(path)) throw new FileMessageError('file/unknown-kind', unknownKind(path));
    const { content, stats } = await readContent(join(options.root, path));
    const letter = parseFileMessage(path, decode(content), stats.mtime, options);
    const digest = createHash('sha256').update(content).digest('base64url');
    return { path, digest, bytes: content.length, version: versionOf(stats), letter };
  } catch (error) {
    const isFault = error instanceof FileMessageError;
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
    if (size > MAX_BYTES) throw new FileMessageError('file/too-large', `has ${size} bytes; a message has at most 256 KiB`);
    return { content: await file.readFile(), stats };
  } finally {
    await file.close();
  }
}

function decode(content: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch {
    throw new FileMessageError('file/not-text', 'is no text in UTF-8');
  }
}
