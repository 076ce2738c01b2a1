// Parses a command line with the table of commands, and runs the command.

import { Command as Parser, CommanderError, Option } from 'commander';
import { CliError, EXIT, type ExitCode } from './base/cli-error.ts';
import { Output } from './base/output.ts';
import { readSettings } from './base/settings.ts';
import { CommandContext, type ProcessIO } from './command/command-context.ts';
import type { CommandDefinition, CommandTable, Flag } from './command/command.ts';
import { COMMAND_TABLE } from './commands/index.ts';
import { VERSION } from './version.ts';

/** Runs one command line and returns its exit code. Never throws. */
export async function run(words: readonly string[], io: ProcessIO): Promise<ExitCode> {
  let exit: ExitCode = EXIT.ok;
  const parser = createParser(COMMAND_TABLE, io, words, async (definition, given, globals) => {
    exit = await perform(definition, given, globals, io);
  });
  try {
    // `agora help send` is `agora send --help`.
    const line = words[0] === 'help' ? [...words.slice(1), '--help'] : words;
    await parser.parseAsync(line, { from: 'user' });
    return exit;
  } catch (thrown) {
    const output = plainOutput(words, io);
    if (!(thrown instanceof CommanderError)) return output.error(thrown);
    if (thrown.exitCode === 0) return EXIT.ok; // `--help` or `--version`
    if (thrown.code === 'commander.help') return EXIT.usage; // help shown because no command was given
    return output.error(new CliError('cli/usage', sentenceOf(thrown.message), EXIT.usage, { cause: thrown }));
  }
}

async function perform(
  definition: CommandDefinition,
  given: Readonly<Record<string, unknown>>,
  globals: Globals,
  io: ProcessIO,
): Promise<ExitCode> {
  const output = new Output(io, { json: globals.json === true, colour: wantsColour(globals, io) });
  let context: CommandContext | undefined;
  try {
    const settings = readSettings({ ...globals, agent: globals.as }, io.environment, io.cwd);
    context = new CommandContext(settings, output, io, globals.waitForHub);
    const { default: command } = await definition.load();
    await command.start(
      context,
      given,
      definition.arguments?.map(each => each.name),
    );
    return context.exit;
  } catch (thrown) {
    return definition.isSilent ? EXIT.ok : output.error(thrown);
  } finally {
    await context?.close();
  }
}

interface Globals {
  readonly server?: string;
  readonly database?: string;
  readonly token?: string;
  readonly as?: string;
  readonly config?: string;
  readonly waitForHub?: string;
  readonly json?: boolean;
  readonly color?: boolean;
}

type Perform = (
  definition: CommandDefinition,
  given: Readonly<Record<string, unknown>>,
  globals: Globals,
) => Promise<void>;

/** The parser of all commands of a table. */
function createParser(
  { commands, groups, globals }: CommandTable,
  io: ProcessIO,
  words: readonly string[],
  perform: Perform,
): Parser {
  const root = configure(new Parser('agora'), io)
    .description('A real-time coordination hub for AI agents.')
    .version(VERSION, '--version')
    .helpCommand(false)
    .showSuggestionAfterError();
  for (const { flag, summary } of globals) root.option(flag, summary);
  const parents = new Map<string, Parser>();
  for (const definition of commands) {
    const [first = '', second] = definition.name.split(' ');
    let parent = root;
    if (second !== undefined) {
      parent = parents.get(first) ?? configure(root.command(first), io).description(groups[first] ?? '');
      parents.set(first, parent);
    }
    const command = configure(parent.command(second ?? first, { hidden: definition.isHidden === true }), io);
    // A command may also be a group: `mcp`, and `mcp install`.
    if (second === undefined) parents.set(first, command);
    addCommand(command, definition, globals, perform, words);
  }
  return root;
}

function addCommand(
  command: Parser,
  definition: CommandDefinition,
  globals: readonly Flag[],
  perform: Perform,
  words: readonly string[],
): void {
  command.description(definition.summary);
  const names = (definition.arguments ?? []).map(({ name, summary, isOptional = false, isList = false }) => {
    const word = isList ? `${name}...` : name;
    command.argument(isOptional ? `[${word}]` : `<${word}>`, summary);
    return name;
  });
  for (const { flag, summary, default: otherwise, repeats } of definition.flags ?? []) {
    const option = new Option(flag, summary);
    if (repeats) option.argParser((value: string, before: string[] = []) => [...before, value]);
    command.addOption(otherwise === undefined ? option : option.default(otherwise, String(otherwise)));
  }
  for (const { flag, summary } of globals) command.addOption(new Option(flag, summary).hideHelp());
  command.addHelpText('after', `\nWith every command: ${globals.map(({ flag }) => flag).join(' ')}`);
  const { examples } = definition;
  if (examples) command.addHelpText('after', `\nExamples:\n${examples.map(line => `  ${line}`).join('\n')}`);
  command.action(async () => {
    const given: Record<string, unknown> = { ...command.opts() };
    for (const [at, name] of names.entries()) given[name] = command.processedArgs[at] as unknown;
    if (definition.takesProgram) Object.assign(given, splitProgram(given, names.at(-1) ?? '', words));
    await perform(definition, given, globalsOf(command));
  });
}

/** Separates the words after `--`, which the parser has added to the last list of arguments. */
function splitProgram(given: Readonly<Record<string, unknown>>, list: string, words: readonly string[]): object {
  const all = (given[list] ?? []) as readonly string[]; // a list of arguments
  const at = words.indexOf('--');
  const program = at < 0 ? [] : words.slice(at + 1);
  return { [list]: all.slice(0, all.length - program.length), program };
}

/** Global flags may come before and after the command; a flag after it wins. */
function globalsOf(command: Parser): Globals {
  const levels: Globals[] = [];
  for (let at: Parser | null = command; at; at = at.parent) levels.unshift(at.opts());
  let all: Globals = {};
  for (const level of levels) {
    all = { ...all, ...Object.fromEntries(Object.entries(level).filter(([, value]) => value !== undefined)) };
  }
  return { ...all, color: levels.every(level => level.color !== false) };
}

/** Keeps commander from ending the process and from writing to other streams. */
function configure(parser: Parser, io: ProcessIO): Parser {
  return parser.exitOverride().configureOutput({
    writeOut: text => void io.stdout.write(text),
    writeErr: text => void io.stderr.write(text),
    // `run` prints errors of commander like all other errors.
    outputError: () => undefined,
  });
}

/** Turns the message of commander, `error: unknown option '--x'` and a line with a suggestion, into a sentence. */
function sentenceOf(message: string): string {
  const [first = '', ...rest] = message.replace(/^error: /, '').split('\n');
  const sentence = `${first.charAt(0).toUpperCase()}${first.slice(1).replace(/\.+$/, '')}.`;
  const hint = first.startsWith('too many arguments') ? ["A text of several words needs quotes: 'several words'."] : [];
  return [sentence, ...hint, ...rest].join(' ').trim();
}

function plainOutput(words: readonly string[], io: ProcessIO): Output {
  return new Output(io, { json: words.includes('--json'), colour: wantsColour({}, io) });
}

function wantsColour(globals: Globals, { environment, stdout }: ProcessIO): boolean {
  if (globals.color === false || environment['NO_COLOR']) return false;
  return stdout.isTTY === true || Boolean(environment['FORCE_COLOR']);
}
