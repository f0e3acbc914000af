/** Loaded before the relay: a JSON text with `deadly-text` in it ends the process, as a mistake in native code or the kernel would. */
const { parse } = JSON;

JSON.parse = (text, reviver) => {
  if (String(text).includes('deadly-text')) process.kill(process.pid, 'SIGKILL');
  return parse(text, reviver);
};
