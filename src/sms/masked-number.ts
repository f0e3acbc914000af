/** `+49*******78`: enough to recognise a number, not enough to call it. */
export const maskedNumber = (text: string): string =>
  text.length < 8 ? '*'.repeat(text.length) : `${text.slice(0, 3)}${'*'.repeat(text.length - 5)}${text.slice(-2)}`;
