/** A message's text in the two columns that hold it. */
export type TextColumns = { readonly text: string; readonly exactText: Buffer | null }

/** PostgreSQL's text holds no NUL: such a text keeps its bytes beside a readable form. */
export const toTextColumns = (text: string): TextColumns =>
  text.includes('\0')
    ? { text: text.replaceAll('\0', '\uFFFD'), exactText: Buffer.from(text, 'utf8') }
    : { text, exactText: null }

/** The text as it was sent. */
export const fromTextColumns = (text: string, exactText: Buffer | null): string =>
  exactText === null ? text : exactText.toString('utf8')
