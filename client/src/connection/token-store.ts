// Stores of identity tokens: a restarted program keeps its identity, and with it its agents.

/** Stores the token of an identity, so that a restarted program has the same one. */
export interface TokenStore {
  load(): string | undefined | Promise<string | undefined>;
  /** Stores a new token. If another program has stored one first, returns that one, which the client then uses. */
  save(token: string): string | void | Promise<string | void>;
  /**
   * Called for a token that the server does not accept; returns the next token to try, if there is one. Without further tokens
   * the client becomes a new identity and warns (`client/new-identity`). For a store without this method it throws
   * `connection/bad-token` instead.
   */
  reject?(token: string): string | undefined | Promise<string | undefined>;
}

/** A shared text with exclusive changes. */
export interface TokenText {
  read(): string | Promise<string>;
  /** Replaces the text by the result of `change`, unless that is undefined. */
  change(change: (text: string) => string | undefined): void | Promise<void>;
}

/** The most tokens of one address. */
const MAX_TOKENS = 8;

/**
 * The tokens of one address, one per line, the newest first. Different servers can run at one address one after another,
 * above all on the local machine: a token that the present server does not accept is valid again when its server returns,
 * and without it the agents of that identity would be lost.
 */
export class TokenList implements TokenStore {
  readonly #text: TokenText;
  readonly #rejected = new Set<string>();

  constructor(text: TokenText) {
    this.#text = text;
  }

  async load(): Promise<string | undefined> {
    return this.#firstOf(await this.#text.read());
  }

  async save(token: string): Promise<string> {
    let kept = token;
    await this.#text.change(text => {
      const earlier = this.#firstOf(text);
      if (earlier === undefined) return `${[token, ...linesOf(text)].slice(0, MAX_TOKENS).join('\n')}\n`;
      kept = earlier;
      return undefined;
    });
    return kept;
  }

  reject(token: string): Promise<string | undefined> {
    this.#rejected.add(token);
    return this.load();
  }

  #firstOf(text: string): string | undefined {
    return linesOf(text).find(line => !this.#rejected.has(line));
  }
}

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '');
}

/** Returns the key of a server's tokens: `localhost` and `[::1]` are the same as `127.0.0.1`. */
export function originOf(server: URL): string {
  const url = new URL(server.origin);
  if (url.hostname === 'localhost' || url.hostname === '[::1]') url.hostname = '127.0.0.1';
  return url.origin;
}
