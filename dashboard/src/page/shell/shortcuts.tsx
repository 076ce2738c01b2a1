// The list of keyboard shortcuts.

import { Dialog } from '../ui/dialog.tsx';

const SHORTCUTS = [
  ['Ctrl K', 'Find a page, an agent or an action'],
  ['/', 'Search on this page'],
  ['n', 'Send or ask'],
  ['s', 'Start a workflow'],
  ['g, then o a m w e d g p', 'Overview, Agents, Messages, Workflows, Events, Dead letters, Groups, Operators'],
  ['↑ ↓', 'Move between the rows of a table'],
  ['Enter', 'Open the row'],
  ['Esc', 'Close a dialog'],
  ['?', 'This list'],
] as const;

export function Shortcuts({ onClose }: { readonly onClose: () => void }) {
  return (
    <Dialog title="Keyboard shortcuts" onClose={onClose}>
      <dl className="facts shortcuts">
        {SHORTCUTS.map(([keys, meaning]) => (
          <div key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
