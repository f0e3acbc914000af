/**
 * The keys of the browser of the sandbox: those of RFC 8291's example (section 5), whose private key is printed there. A push to a
 * subscription with these keys can be read by the simulated push service; of any other it sees what a real one sees, which is no text.
 */
export const SANDBOX_KEYS = {
  p256dh: 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
  auth: 'BTBZMqHH6r4Tts7J_aSIgg',
} as const;
