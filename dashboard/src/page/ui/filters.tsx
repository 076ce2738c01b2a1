// Filters above a list; their values are in the address of the page.

import { useEffect, useState } from 'react';
import { Icon } from './icons.tsx';

interface SearchProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly placeholder: string;
}

const TYPING_MS = 150;

/** A search; `/` moves the focus here. */
export function SearchField({ label, value, onChange, placeholder }: SearchProps) {
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  useEffect(() => {
    if (typed === value) return;
    const timer = setTimeout(() => onChange(typed), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed, value, onChange]);
  return (
    <div className="search">
      <Icon name="search" size={16} />
      <input
        type="search"
        aria-label={label}
        value={typed}
        placeholder={placeholder}
        onChange={event => setTyped(event.target.value)}
        spellCheck={false}
        data-search=""
      />
    </div>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly options: readonly (readonly [string, string])[];
}

export function Choice({ label, value, onChange, options }: ChoiceProps) {
  return (
    <select aria-label={label} value={value} onChange={event => onChange(event.target.value)}>
      {options.map(([key, text]) => (
        <option key={key} value={key}>
          {text}
        </option>
      ))}
    </select>
  );
}
