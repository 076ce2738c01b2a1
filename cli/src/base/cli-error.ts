// How the command line ends: a number for programs, a sentence for people. The numbers are promises: README.md lists them.

/** What each exit code means. */
export const EXIT = {
  ok: 0,
  /** The hub refused it, or it failed. */
  failed: 1,
  /** Wrong flags, arguments or configuration; nothing was tried. */
  usage: 2,
  /** No hub answers, or the connection was lost and did not come back. */
  connection: 3,
  /** The time ran out: no answer, no mail, no end. */
  timeout: 4,
  /** Who asks may not: not admitted, no operator, somebody else's. */
  forbidden: 5,
  /** What is named does not exist. */
  unknown: 6,
  /** A part was done, and the rest is reported. */
  partial: 7,
  /** The answer came, and it is an error. */
  answer: 8,
  /** Ended by Ctrl-C. */
  interrupted: 130,
} as const;
/** One of `EXIT`. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** A command ends with a sentence and an exit code; `code` is stable, as that of an `AgoraError` is. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly code: `cli/${string}`;
  readonly exit: ExitCode;

  constructor(code: `cli/${string}`, sentence: string, exit: ExitCode, options?: ErrorOptions) {
    super(sentence, options);
    this.code = code;
    this.exit = exit;
  }
}

/** Codes of the client and the module that do not simply mean "failed". */
const EXITS: Readonly<Record<string, ExitCode>> = {
  'client/bad-option': EXIT.usage,
  'agent/bad-name': EXIT.usage,
  'workflow/bad-definition': EXIT.usage,
  'connection/bad-token': EXIT.forbidden,
  'connection/not-admitted': EXIT.forbidden,
  'hub/not-admitted': EXIT.forbidden,
  'operator/required': EXIT.forbidden,
  'message/no-answer': EXIT.timeout,
  'call/timed-out': EXIT.timeout,
  'workflow/timed-out': EXIT.timeout,
};

/** Whether what was thrown has this code; the client's errors are told by it, so that nobody has to load the client. */
export function hasCode(thrown: unknown, code: string): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === code;
}

/** What is known of anything thrown, without loading the client: errors with a `code` are told by it. */
export function describeError(thrown: unknown): { code: string; message: string; exit: ExitCode } {
  if (thrown instanceof CliError) return { code: thrown.code, message: thrown.message, exit: thrown.exit };
  if (thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' && thrown.code.includes('/')) {
    return { code: thrown.code, message: thrown.message, exit: exitOf(thrown.code) };
  }
  if (thrown instanceof Error && thrown.name === 'AbortError') {
    return { code: 'cli/interrupted', message: 'Interrupted.', exit: EXIT.interrupted };
  }
  const message = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  return { code: 'cli/bug', message, exit: EXIT.failed };
}

function exitOf(code: string): ExitCode {
  const known = EXITS[code];
  if (known !== undefined) return known;
  if (code.startsWith('connection/')) return EXIT.connection;
  if (code.endsWith('/unknown') || code.includes('/unknown-')) return EXIT.unknown;
  if (code.endsWith('/name-taken') || code.endsWith('/not-owner') || code.endsWith('/not-yours')) return EXIT.forbidden;
  return EXIT.failed;
}
