// Default name of a hub's database.

/** The database name that clients use by default. */
export const DATABASE_NAME = 'agora';
