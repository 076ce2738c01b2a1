import { describe, expect, it } from 'vitest';
import { CommandError } from './command.ts';
import { parseStartFlags } from './start-flags.ts';

describe('the flags of npm start', () => {
  it('listens on this machine, port 3000, and keeps its rows', () => {
    const options = parseStartFlags([], '/here');
    expect(options).toMatchObject({ port: 3000, hostname: '127.0.0.1' });
    expect(options?.dataDir).toMatch(/[/\\]\.agora$/);
  });

  it('takes a folder from where the command was typed', () => {
    expect(parseStartFlags(['--data-dir', 'data', '--port', '0'], '/here')).toMatchObject({
      dataDir: '/here/data',
      port: 0,
    });
    expect(parseStartFlags(['--in-memory', '--port=4000'], '/here')).toMatchObject({ dataDir: undefined, port: 4000 });
  });

  it('answers a request for help with nothing to start', () => {
    expect(parseStartFlags(['--help'], '/here')).toBeUndefined();
  });

  it.each([
    [['--port', '65536']],
    [['--port', 'x']],
    [['--port', '-1']],
    [['--port', '']],
    [['--port']],
    [['--prot', '1']],
    [['extra']],
    [['--in-memory', '--data-dir', 'x']],
    [['--data-dir', '']],
  ])('refuses %j in one sentence', args => {
    expect(() => parseStartFlags(args, '/here')).toThrow(CommandError);
    expect(() => parseStartFlags(args, '/here')).toThrow(/^[^\n]+$/);
  });
});
