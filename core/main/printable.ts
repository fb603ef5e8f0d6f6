/** Names come from strangers: nothing that moves a cursor, rings a bell or turns text around reaches a terminal. */
export function printable(text: string): string {
  return text.replaceAll(unprintable, '?')
}

const unprintable =
  // oxlint-disable-next-line no-control-regex -- these are the characters to be replaced
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g
