// Where the built module is, for whoever runs it on a host or publishes it on a server. Not part of the module itself.

/** The file that is published: one bundle, as `spacetime build` would make it. */
export const bundleUrl = new URL('../dist/bundle.js', import.meta.url);
