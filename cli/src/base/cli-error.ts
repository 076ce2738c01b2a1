// Errors and exit codes. The exit codes are a public contract: README.md lists them.

import type { AgoraCode } from '@agora/client';

/** The exit codes. */
export const EXIT = {
  ok: 0,
  /** The hub refused the call, or it failed. */
  failed: 1,
  /** Invalid flags, arguments, values or configuration. */
  usage: 2,
  /** No hub answers, or the connection was lost and did not come back. */
  connection: 3,
  /** A time limit passed: no answer, no mail, no end. */
  timeout: 4,
  /** The caller lacks the permission: not admitted, not an operator, not the owner. */
  forbidden: 5,
  /** The named object does not exist. */
  unknown: 6,
  /** Some parts succeeded; the failed ones are reported. */
  partial: 7,
  /** The answer arrived, and it is an error. */
  answer: 8,
  /** Ended by Ctrl-C. */
  interrupted: 130,
} as const;
/** One of `EXIT`. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The codes of errors that the command line itself finds, and their meaning. */
export const CLI_CODES = {
  'cli/agent-busy': 'Another process serves the agent.',
  'cli/backup-failed': 'The backup could not be made.',
  'cli/bad-config': 'A configuration file or a setting is invalid.',
  'cli/bad-settlement': 'A line on the standard input of `listen --settle` is invalid.',
  'cli/bug': 'The command line itself failed.',
  'cli/hub-failed': 'The hub could not start.',
  'cli/in-use': 'Another process migrates the same folder.',
  'cli/interrupted': 'The user interrupted the command.',
  'cli/no-asker': 'The message wants no answer.',
  'cli/no-dashboard': 'The hub serves no dashboard.',
  'cli/no-hub': 'No hub answers at the address.',
  'cli/no-program': 'The program that handles messages cannot be started.',
  'cli/not-built': 'The module has not been built.',
  'cli/not-held': 'The agent holds no message with this id.',
  'cli/open-hub': 'The hub would be open to other machines.',
  'cli/restore-failed': 'The backup could not be restored.',
  'cli/unconfirmed': 'The command needs a confirmation.',
  'cli/unknown-agent': 'No agent has this name.',
  'cli/unknown-rule': 'No admission rule has this number.',
  'cli/unreadable': 'A file or folder cannot be read.',
  'cli/unwritable': 'A file or folder cannot be written.',
  'cli/usage': 'Flags or arguments are invalid.',
} as const;
/** One of `CLI_CODES`. */
export type CliCode = keyof typeof CLI_CODES;

/** An error of the command line: a sentence for people, a stable `code` and the exit code. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly code: CliCode;
  readonly exit: ExitCode;

  constructor(code: CliCode, sentence: string, exit: ExitCode, options?: ErrorOptions) {
    super(sentence, options);
    this.code = code;
    this.exit = exit;
  }
}

/** Exit codes of single error codes of the client and the module. */
const EXIT_OF_CODE: Readonly<Partial<Record<AgoraCode, ExitCode>>> = {
  'client/bad-option': EXIT.usage,
  'agent/bad-name': EXIT.usage,
  'workflow/bad-definition': EXIT.usage,
  // The value is valid, the state of the workflow is another one.
  'workflow/bad-move': EXIT.failed,
  'connection/bad-token': EXIT.forbidden,
  'connection/not-admitted': EXIT.forbidden,
  'hub/not-admitted': EXIT.forbidden,
  'operator/required': EXIT.forbidden,
  'message/no-answer': EXIT.timeout,
  'call/timed-out': EXIT.timeout,
  'workflow/timed-out': EXIT.timeout,
};

/** Exit codes of groups of error codes, for codes without an entry above. A test checks that each pattern matches a code. */
export const EXIT_OF_PATTERN: readonly (readonly [pattern: RegExp, exit: ExitCode])[] = [
  [/^connection\//, EXIT.connection],
  [/\/bad-/, EXIT.usage],
  [/\/unknown$/, EXIT.unknown],
  [/\/unknown-/, EXIT.unknown],
  [/\/name-taken$/, EXIT.forbidden],
  [/\/not-yours$/, EXIT.forbidden],
];

/** The exit code of an error code; `EXIT.failed` by default. */
export function exitOf(code: string): ExitCode {
  const exit = (EXIT_OF_CODE as Readonly<Partial<Record<string, ExitCode>>>)[code]; // any text may be looked up
  return exit ?? EXIT_OF_PATTERN.find(([pattern]) => pattern.test(code))?.[1] ?? EXIT.failed;
}

/** Returns true if the thrown value has this code. Compares codes, not classes, so the client need not be loaded. */
export function hasCode(thrown: unknown, code: AgoraCode): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === code;
}

/** The code, sentence and exit code of any thrown value. Works without loading the client. */
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
