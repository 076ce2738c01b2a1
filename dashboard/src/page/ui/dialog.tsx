// Dialogs and fields.

import { useEffect, useId, useRef, type ReactNode } from 'react';
import { Icon } from './icons.tsx';

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
  readonly isWide?: boolean;
}

/** A modal dialog: the browser keeps the focus in it, and Escape closes it. */
export function Dialog({ title, onClose, children, isWide = false }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const before = document.activeElement;
    ref.current?.showModal();
    // Otherwise the first button, which closes it, has the focus.
    ref.current?.querySelector<HTMLElement>('[data-focus]')?.focus();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog ref={ref} className={isWide ? 'wide' : ''} aria-labelledby={heading} onClose={onClose}>
      <header className="dialog-head">
        <h2 id={heading}>{title}</h2>
        <button type="button" className="ghost square" aria-label="Close" onClick={onClose}>
          <Icon name="cross" />
        </button>
      </header>
      {children}
    </dialog>
  );
}

interface FieldProps {
  readonly label: string;
  readonly hint?: ReactNode;
  readonly error?: string | undefined;
  readonly children: (id: string, describedBy: string) => ReactNode;
}

/** A labelled control with its hint or error. */
export function Field({ label, hint, error, children }: FieldProps) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children(id, `${id}-hint`)}
      <p id={`${id}-hint`} className={error === undefined ? 'hint' : 'hint bad'}>
        {error ?? hint}
      </p>
    </div>
  );
}

interface ConfirmProps {
  readonly title: string;
  readonly verb: string;
  readonly isDangerous?: boolean;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** Asks before an action that cannot be undone. */
export function Confirm({ title, verb, isDangerous = false, onConfirm, onClose, children }: ConfirmProps) {
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        method="dialog"
        onSubmit={event => {
          event.preventDefault();
          onConfirm();
          onClose();
        }}
      >
        <div className="dialog-body">{children}</div>
        <footer className="dialog-foot">
          <button type="button" onClick={onClose}>
            Keep
          </button>
          <button type="submit" className={isDangerous ? 'primary danger' : 'primary'} data-focus="">
            {verb}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
