/** The file of the SDK that every module contains: its server library. */
export const SERVER_LIBRARY = /[\\/]spacetimedb[\\/]dist[\\/]server[\\/]index\.mjs$/;
