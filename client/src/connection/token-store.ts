// Where the token of an identity is kept, so that a restarted program is the same owner of its agents.

/** Keeps the token of an identity, so that a restarted agent is the same one. */
export interface TokenStore {
  load(): string | undefined | Promise<string | undefined>;
  /** Keeps a new token. Gives back the one that is kept if another program was quicker: then the client uses that one. */
  save(token: string): string | void | Promise<string | void>;
  /**
   * The server does not accept this token: gives another one to try, if there is one. A client whose store cannot say so
   * throws `connection/bad-token`; with it, the client becomes a new identity once there is none left, and warns of that.
   */
  reject?(token: string): string | undefined | Promise<string | undefined>;
}

/** A text that is read, and changed by one at a time. */
export interface TokenText {
  read(): string | Promise<string>;
  /** Replaces the text by what `change` makes of it; a `change` that gives undefined leaves it. */
  change(change: (text: string) => string | undefined): void | Promise<void>;
}

/** More servers than this are not at home at one address. */
const MOST = 8;

/**
 * The tokens for one address, one a line, the newest first. Several, since different servers can be started at one address
 * after each other, on this machine above all: a token that the present one does not accept is good again when its server
 * comes back, and without it the agents that it owns would be lost.
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
      if (earlier === undefined) return `${[token, ...linesOf(text)].slice(0, MOST).join('\n')}\n`;
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

/** What the tokens of a database are kept under: `localhost` and `[::1]` are the same machine as `127.0.0.1`. */
export function originOf(server: URL): string {
  const url = new URL(server.origin);
  if (url.hostname === 'localhost' || url.hostname === '[::1]') url.hostname = '127.0.0.1';
  return url.origin;
}
