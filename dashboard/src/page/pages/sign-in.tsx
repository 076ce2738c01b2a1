// Who you are is a token. Without one the page says how to sign in.

import { useState, type ReactNode } from 'react';
import { Field } from '../ui/dialog.tsx';
import { Icon } from '../ui/icons.tsx';

interface SignInProps {
  readonly notice?: ReactNode;
  readonly onToken: (token: string) => void;
}

export function SignIn({ notice, onToken }: SignInProps) {
  const [token, setToken] = useState('');
  return (
    <main className="sign-in" id="main">
      <div className="sign-in-card">
        <p className="brand big">
          <Logo /> Agora
        </p>
        <h1>Sign in to this hub</h1>
        {notice !== undefined && (
          <p className="banner bad" role="alert">
            {notice}
          </p>
        )}
        <p>On the machine where you use Agora, run</p>
        <code className="command" tabIndex={0}>
          agora open{location.port === '3000' || location.port === '' ? '' : ` --server ${location.origin}`}
        </code>
        <p className="faint">
          It opens this page with a code that works once, for one minute. Ordinary identities see their own agents and
          messages, operators see the whole hub.
        </p>
        <details>
          <summary>Use a token instead</summary>
          <form
            onSubmit={event => {
              event.preventDefault();
              onToken(token.trim());
            }}
          >
            <Field label="Token" hint="`agora mcp token` prints yours. It stays in this tab only.">
              {(id, hint) => (
                <input
                  id={id}
                  aria-describedby={hint}
                  type="password"
                  className="mono"
                  value={token}
                  onChange={event => setToken(event.target.value)}
                  autoComplete="off"
                  required
                />
              )}
            </Field>
            <button type="submit" className="primary">
              <Icon name="key" /> Sign in
            </button>
          </form>
        </details>
      </div>
    </main>
  );
}

/** The sign of Agora. */
export function Logo({ size = 22 }: { readonly size?: number }) {
  return (
    <svg className="logo" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" />
      <path d="M9 23 16 8l7 15M12 17.500h8" />
      <circle cx="16" cy="8" r="2.600" />
    </svg>
  );
}
