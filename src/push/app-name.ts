/** The app of the sections outside `apps`, and of every push that names no other. */
export const DEFAULT_APP = 'default';

/** Lower-case letters, digits, `_` and `-`, at most 64, beginning with a letter or a digit. Names are looked up in any case. */
export const APP_NAME = /^[a-z0-9][a-z0-9_-]{0,63}$/;
