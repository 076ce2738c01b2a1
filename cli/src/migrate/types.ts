// Types of a migration: its options, its outcomes, and the calls that it makes on the hub.

import type { AgoraCode, OutgoingMessage } from '@agora/client';
import type { FileCode } from './file-error.ts';
import type { FileMessage, FileMessageOptions } from './file-message.ts';

/** The outcome of one file. */
export type Outcome =
  | {
      readonly file: string;
      readonly outcome: 'sent';
      readonly messageId: string;
      readonly to: readonly string[];
      readonly type: string;
      /** The new path, relative to the tree. */
      readonly movedTo: string;
    }
  | {
      readonly file: string;
      /** `left`: not sent. `unmoved`: sent but not moved; the next run only moves it. `skipped`: not meant to be sent. */
      readonly outcome: 'left' | 'unmoved' | 'skipped';
      /** A `FileCode`, or the code of the hub. */
      readonly code?: string;
      readonly reason: string;
    }
  | { readonly file: string; readonly outcome: 'would-send'; readonly to: readonly string[]; readonly type: string };

/** Why a file was not moved. */
export interface MoveProblem {
  readonly code: FileCode;
  readonly reason: string;
}

/** Why the hub would refuse a message. */
export interface PredictedRefusal {
  readonly code: AgoraCode;
  readonly reason: string;
}

/** The calls of a migration on the hub. */
export interface MigrationHub {
  /** Settles when the hub has accepted the message. Rejects with an error that has a `code`. */
  send(message: OutgoingMessage): Promise<unknown>;
  /** Returns true if the hub has a message of this id. */
  knows(id: string): Promise<boolean>;
  createId(): string;
  /** Predicts a refusal without sending, for a dry run; undefined if none is predicted. */
  predictRefusal(message: FileMessage): PredictedRefusal | undefined;
}

/** Options of a migration. */
export interface MigrationOptions extends FileMessageOptions {
  readonly root: string;
  readonly handledToo: boolean;
  readonly dryRun: boolean;
  /** Resend files that an earlier run may or may not have sent. */
  readonly resend: boolean;
  readonly signal: AbortSignal;
}
