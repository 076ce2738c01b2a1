// From the table of commands to a parser, and from the words of a command line to its end.

import { Command as Parser, CommanderError, Option } from 'commander';
import type { CommandRow } from './command/command.ts';
import { COMMANDS, GROUPS } from './commands/index.ts';
import { readSettings } from './base/settings.ts';
import { Context, type World } from './command/command-context.ts';
import { CliError, EXIT, type ExitCode } from './base/cli-error.ts';
import { GLOBAL_FLAGS } from './command/global-flags.ts';
import { Output } from './base/output.ts';
import { VERSION } from './version.ts';

/** Runs one command line to its end and returns its exit code. Never throws. */
export async function run(words: readonly string[], world: World): Promise<ExitCode> {
  let exit: ExitCode = EXIT.ok;
  const parser = createParser(world, async (row, given, globals) => {
    exit = await perform(row, given, globals, world);
  });
  try {
    await parser.parseAsync(words, { from: 'user' });
    return exit;
  } catch (thrown) {
    const output = plainOutput(words, world);
    if (!(thrown instanceof CommanderError)) return output.error(thrown);
    if (thrown.exitCode === 0) return EXIT.ok; // help that was asked for
    if (thrown.code === 'commander.help') return EXIT.usage; // help that was shown since no command was named
    return output.error(new CliError('cli/usage', sentenceOf(thrown.message), EXIT.usage, { cause: thrown }));
  }
}

async function perform(
  row: CommandRow,
  given: Readonly<Record<string, unknown>>,
  globals: Globals,
  world: World,
): Promise<ExitCode> {
  const output = new Output(world, { json: globals.json === true, colour: wantsColour(globals, world) });
  let context: Context | undefined;
  try {
    const settings = readSettings({ ...globals, agent: globals.as }, world.environment, world.cwd);
    context = new Context(settings, output, world);
    const { default: command } = await row.load();
    await command.start(
      context,
      given,
      row.arguments?.map(each => each.name),
    );
    return context.exit;
  } catch (thrown) {
    return output.error(thrown);
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
  readonly json?: boolean;
  readonly color?: boolean;
}

type Perform = (row: CommandRow, given: Readonly<Record<string, unknown>>, globals: Globals) => Promise<void>;

/** The parser of the whole table. */
function createParser(world: World, perform: Perform): Parser {
  const root = configure(new Parser('agora'), world)
    .description('A real-time coordination hub for AI agents.')
    .version(VERSION, '--version')
    .helpCommand(false)
    .showSuggestionAfterError();
  for (const { flag, summary } of GLOBAL_FLAGS) root.option(flag, summary);
  const groups = new Map<string, Parser>();
  for (const row of COMMANDS) {
    const [first = '', second] = row.name.split(' ');
    let parent = root;
    if (second !== undefined) {
      parent = groups.get(first) ?? configure(root.command(first), world).description(GROUPS[first] ?? '');
      groups.set(first, parent);
    }
    addCommand(configure(parent.command(second ?? first, { hidden: row.isHidden === true }), world), row, perform);
  }
  return root;
}

function addCommand(command: Parser, row: CommandRow, perform: Perform): void {
  command.description(row.summary);
  const names = (row.arguments ?? []).map(({ name, summary, isOptional = false, isList = false }) => {
    const word = isList ? `${name}...` : name;
    command.argument(isOptional ? `[${word}]` : `<${word}>`, summary);
    return name;
  });
  for (const { flag, summary, default: otherwise, repeats } of row.flags ?? []) {
    const option = new Option(flag, summary);
    if (repeats) option.argParser((value: string, before: string[] = []) => [...before, value]);
    command.addOption(otherwise === undefined ? option : option.default(otherwise, String(otherwise)));
  }
  for (const { flag, summary } of GLOBAL_FLAGS) command.addOption(new Option(flag, summary).hideHelp());
  command.addHelpText('after', `\nWith every command: ${GLOBAL_FLAGS.map(({ flag }) => flag).join(' ')}`);
  if (row.examples) command.addHelpText('after', `\nExamples:\n${row.examples.map(line => `  ${line}`).join('\n')}`);
  command.action(async () => {
    const given: Record<string, unknown> = { ...command.opts() };
    for (const [at, name] of names.entries()) given[name] = command.processedArgs[at] as unknown;
    await perform(row, given, globalsOf(command));
  });
}

/** Global flags may stand before the command and behind it, where they win. */
function globalsOf(command: Parser): Globals {
  const levels: Globals[] = [];
  for (let at: Parser | null = command; at; at = at.parent) levels.unshift(at.opts());
  let all: Globals = {};
  for (const level of levels) {
    all = { ...all, ...Object.fromEntries(Object.entries(level).filter(([, value]) => value !== undefined)) };
  }
  return { ...all, color: levels.every(level => level.color !== false) };
}

/** Nothing of commander's ends the process or writes past the world. */
function configure(parser: Parser, world: World): Parser {
  return parser.exitOverride().configureOutput({
    writeOut: text => void world.stdout.write(text),
    writeErr: text => void world.stderr.write(text),
    // What is wrong is told where every other error is.
    outputError: () => undefined,
  });
}

/** commander says `error: unknown option '--x'` and, on a line of its own, what may have been meant. */
function sentenceOf(message: string): string {
  const [first = '', ...rest] = message.replace(/^error: /, '').split('\n');
  return [`${first.charAt(0).toUpperCase()}${first.slice(1)}.`, ...rest].join(' ').trim();
}

function plainOutput(words: readonly string[], world: World): Output {
  return new Output(world, { json: words.includes('--json'), colour: wantsColour({}, world) });
}

function wantsColour(globals: Globals, { environment, stdout }: World): boolean {
  if (globals.color === false || environment['NO_COLOR']) return false;
  return stdout.isTTY === true || Boolean(environment['FORCE_COLOR']);
}
