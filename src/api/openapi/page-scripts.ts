/** What the page of the API runs; nothing else of the folder is served. */
export const SCRIPTS = ['docs.js', 'samples.js', 'search.js', 'sign-in.js', 'try-it.js'] as const;
