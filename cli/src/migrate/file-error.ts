// Reasons why a file is not sent or not moved.

/** The codes of files that stay in the tree, and their meaning. */
export const FILE_CODES = {
  'file/broken': 'The file is not valid JSON or YAML.',
  'file/changed': 'The file changed while it was sent.',
  'file/empty': 'The file is empty.',
  'file/expired': 'The message has expired.',
  'file/link': 'The file is a symbolic link.',
  'file/no-recipient': 'The message has no recipient.',
  'file/not-a-file': 'The entry is a pipe, a socket or a device.',
  'file/not-text': 'The file is not UTF-8 text.',
  'file/too-large': 'The file is larger than any message.',
  'file/uncertain': 'An earlier run may or may not have sent the file.',
  'file/unknown-kind': 'The file name has no known extension.',
  'file/unmoved': 'The file was sent but cannot be moved.',
  'file/unreadable': 'The file or folder cannot be read.',
  'file/unsendable': 'The message was not sent, for an unknown reason.',
} as const;
/** One of `FILE_CODES`. */
export type FileCode = keyof typeof FILE_CODES;

/** A file that cannot be sent as a message; the sentence continues the file's name. */
export class FileError extends Error {
  override readonly name = 'FileError';
  readonly code: FileCode;

  constructor(code: FileCode, reason: string) {
    super(reason);
    this.code = code;
  }
}
