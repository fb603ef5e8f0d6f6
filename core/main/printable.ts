/** Names come from strangers: nothing that moves a cursor, rings a bell or turns text around reaches a terminal. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- these are the characters to be replaced
  return text.replaceAll(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/g, '?')
}
