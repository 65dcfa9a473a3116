/** A command that the operator can type, from its words: `['resume', '20261122-020001-8ee2df']`. */
export type CommandOf = (words: readonly string[]) => string;

/** A command as it is typed where nothing else has to be said. */
export const plainCommand: CommandOf = (words) => ['tavus-purge', ...words].join(' ');
