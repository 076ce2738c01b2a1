// Finds pages, agents and actions by a few letters.

import { useState } from 'react';
import { href, navigate } from '../base/router.ts';
import { useRows } from '../hub/hooks.ts';
import { Dialog } from '../ui/dialog.tsx';
import { Icon, type IconName } from '../ui/icons.tsx';
import { visible } from '../base/format.ts';

/** An entry of the palette. */
export interface Command {
  readonly name: string;
  readonly icon: IconName;
  readonly run: () => void;
}

const UUID = /^[0-9a-f-]{36}$/;
const NAME = /^[A-Za-z0-9][\w.-]{0,63}$/;
const MAX_SHOWN = 12;

export function Palette({
  commands,
  onClose,
}: {
  readonly commands: readonly Command[];
  readonly onClose: () => void;
}) {
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const wanted = text.trim().toLowerCase();
  // A name that is typed whole is found on a hub of any size; parts are found among the online agents.
  const agents = useRows('agent', "SELECT * FROM agent WHERE presence = 'online'");
  const found: Command[] = [
    ...commands.filter(({ name }) => name.toLowerCase().includes(wanted)),
    ...(wanted === '' ? [] : agents.filter(({ name }) => name.toLowerCase().includes(wanted)))
      .slice(0, MAX_SHOWN)
      .map(({ name }): Command => ({
        name: `Agent ${visible(name)}`,
        icon: 'agents',
        run: () => navigate(href(['agents', name])),
      })),
    ...(NAME.test(text.trim()) && !agents.some(({ name }) => name.toLowerCase() === wanted)
      ? [
          {
            name: `Agent ${text.trim()}`,
            icon: 'agents' as const,
            run: () => navigate(href(['agents', text.trim()])),
          },
        ]
      : []),
    ...(UUID.test(wanted)
      ? [
          { name: 'Message of this id', icon: 'messages' as const, run: () => navigate(href(['messages', wanted])) },
          { name: 'Workflow of this id', icon: 'workflows' as const, run: () => navigate(href(['workflows', wanted])) },
        ]
      : []),
  ].slice(0, MAX_SHOWN);
  const run = (command: Command | undefined) => {
    if (!command) return;
    onClose();
    command.run();
  };
  const active = Math.min(at, found.length - 1);
  return (
    <Dialog title="Find or do" onClose={onClose}>
      <form
        className="palette"
        onSubmit={event => {
          event.preventDefault();
          run(found[active]);
        }}
      >
        <input
          role="combobox"
          aria-label="Page, agent or action"
          aria-expanded="true"
          aria-controls="palette-list"
          aria-activedescendant={found.length > 0 ? `palette-${active}` : undefined}
          value={text}
          data-focus=""
          autoComplete="off"
          spellCheck={false}
          placeholder="Page, agent, action, or an id"
          onChange={event => {
            setText(event.target.value);
            setAt(0);
          }}
          onKeyDown={event => {
            const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
            if (step === 0 || found.length === 0) return;
            event.preventDefault();
            setAt((active + step + found.length) % found.length);
          }}
        />
        <ul id="palette-list" role="listbox" aria-label="Results">
          {found.map((command, index) => (
            <li
              key={command.name}
              id={`palette-${index}`}
              role="option"
              aria-selected={index === active}
              onClick={() => run(command)}
              onMouseMove={() => setAt(index)}
            >
              <Icon name={command.icon} size={16} /> {command.name}
            </li>
          ))}
        </ul>
        {found.length === 0 && <p className="faint">Nothing matches.</p>}
      </form>
    </Dialog>
  );
}
