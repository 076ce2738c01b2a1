// Reads the files of a tree as messages, or finds why a file is not a message.

import { createHash } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { FileError } from './file-error.ts';
import { isReadable, parseFileMessage, unknownKind, type FileMessage } from './file-message.ts';
import { versionOf } from './mover.ts';
import type { MigrationOptions, Outcome } from './types.ts';
import { codeOf, walk } from './walk-tree.ts';

/** The limit of a file: larger than 256 KiB of payload in any notation. */
const MAX_BYTES = 2 * 1024 * 1024;

/** A file that is ready to send. */
export interface Prepared {
  readonly path: string;
  readonly digest: string;
  readonly bytes: number;
  /** Changes when the file changes. */
  readonly version: string;
  readonly message: FileMessage;
}

/** Reads every file of the tree; yields its message, or the outcome of a file that is not sent. */
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
    if (!isReadable(path)) throw new FileError('file/unknown-kind', unknownKind(path));
    const { content, stats } = await readContent(join(options.root, path));
    const message = parseFileMessage(path, decode(content), stats.mtime, options);
    const digest = createHash('sha256').update(content).digest('base64url');
    return { path, digest, bytes: content.length, version: versionOf(stats), message };
  } catch (error) {
    const isFault = error instanceof FileError;
    const code = isFault ? error.code : 'file/unreadable';
    const reason = isFault ? error.message : `cannot be read (${codeOf(error)})`;
    return { file: path, outcome: 'left', code, reason };
  }
}

async function readContent(path: string): Promise<{ content: Buffer; stats: Stats }> {
  // The entry may have become a link or a pipe: do not follow a link, and do not block on a pipe.
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stats = await file.stat();
    const { size } = stats;
    if (size > MAX_BYTES) throw new FileError('file/too-large', `has ${size} bytes; a message has at most 256 KiB`);
    return { content: await file.readFile(), stats };
  } finally {
    await file.close();
  }
}

function decode(content: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch {
    throw new FileError('file/not-text', 'is not UTF-8 text');
  }
}
