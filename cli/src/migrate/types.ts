// What a migration takes, what it needs of the hub, and what it tells.

import type { OutgoingMessage } from '@agora/client';
import type { FileMessage, FileMessageOptions } from './file-message.ts';

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
export interface MigrationHub {
  /** Settles once the hub has it. Rejects with an error that has a `code`. */
  send(message: OutgoingMessage): Promise<unknown>;
  /** Whether the hub knows a message that was sent before. */
  knows(id: string): Promise<boolean>;
  createId(): string;
  /** Why the hub would not take it, as far as can be told without sending it: for a dry run. */
  refusal(letter: FileMessage): { readonly code: string; readonly reason: string } | undefined;
}

/** What is migrated, and how. */
export interface MigrationOptions extends FileMessageOptions {
  readonly root: string;
  readonly handledToo: boolean;
  readonly dryRun: boolean;
  /** Send again what an earlier run may have sent too long ago to tell. */
  readonly resend: boolean;
  readonly signal: AbortSignal;
}
