/**
 * The subset of Markdown that messages speak: **bold**, *italic*, ~~struck~~, `code`, fenced code, > quotes, addresses
 * and mentions. Pure: text in, a tree out; everything that is not of the subset stays text. Runs in linear time.
 */

/** A piece of a line. */
export type Inline =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'code'; readonly text: string }
  | { readonly type: 'bold' | 'italic' | 'struck'; readonly inner: readonly Inline[] }
  | { readonly type: 'link'; readonly href: string; readonly text: string }
  | { readonly type: 'mention'; readonly identity: string }

/** A piece of a message. */
export type Block =
  | { readonly type: 'text'; readonly inner: readonly Inline[] }
  | { readonly type: 'quote'; readonly inner: readonly Inline[] }
  | { readonly type: 'code'; readonly text: string }

/** Deeper nesting stays text. */
const DEEPEST = 4

// Each alternative ends at the next sign of its own kind, so that nothing is read twice.
const INLINE =
  /`(?<code>[^`\n]+)`|\*\*(?<bold>[^*\s](?:[^*\n]*[^*\s])?)\*\*|\*(?<italic>[^*\s](?:[^*\n]*[^*\s])?)\*|(?<![\p{L}\p{N}_])_(?<under>[^_\s](?:[^_\n]*[^_\s])?)_(?![\p{L}\p{N}_])|~~(?<struck>[^~\s](?:[^~\n]*[^~\s])?)~~|<@(?<mention>[A-Za-z0-9][A-Za-z0-9._@+-]{0,127})>|(?<link>https?:\/\/[^\s<>"]+)/gu

/** Signs at the end of an address that belong to the sentence around it. */
const TRAILING = /[.,;:!?'")\]}*_~]+$/

/** A line as its pieces. */
export function parseInline(text: string, depth = 0): readonly Inline[] {
  if (depth === DEEPEST) return [{ type: 'text', text }]
  const pieces: Inline[] = []
  const plain = (from: number, to: number): void => {
    if (to > from) pieces.push({ type: 'text', text: text.slice(from, to) })
  }
  let end = 0
  for (const match of text.matchAll(INLINE)) {
    plain(end, match.index)
    const { code, bold, italic, under, struck, mention, link } = match.groups ?? {}
    end = match.index + match[0].length
    if (code !== undefined) pieces.push({ type: 'code', text: code })
    else if (bold !== undefined) pieces.push({ type: 'bold', inner: parseInline(bold, depth + 1) })
    else if (struck !== undefined) pieces.push({ type: 'struck', inner: parseInline(struck, depth + 1) })
    else if (mention !== undefined) pieces.push({ type: 'mention', identity: mention })
    else if (link !== undefined) {
      const address = link.replace(TRAILING, '')
      end -= link.length - address.length
      pieces.push(linkOf(address))
    } else pieces.push({ type: 'italic', inner: parseInline(italic ?? under ?? '', depth + 1) })
  }
  plain(end, text.length)
  return pieces
}

/** Only addresses that a browser reads as http or https are links. */
function linkOf(address: string): Inline {
  const url = URL.parse(address)
  const safe = url !== null && (url.protocol === 'https:' || url.protocol === 'http:')
  return safe ? { type: 'link', href: url.href, text: address } : { type: 'text', text: address }
}

/** A message as its pieces. */
export function parseMarkdown(text: string): readonly Block[] {
  const blocks: Block[] = []
  let plain: string[] = []
  let quoted: string[] = []
  const flush = (): void => {
    if (plain.length > 0) blocks.push({ type: 'text', inner: parseInline(plain.join('\n')) })
    if (quoted.length > 0) blocks.push({ type: 'quote', inner: parseInline(quoted.join('\n')) })
    plain = []
    quoted = []
  }
  const lines = text.split('\n')
  const lastFence = lines.findLastIndex((line) => line.startsWith('```'))
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? ''
    if (line.startsWith('```') && index < lastFence) {
      flush()
      const close = lines.indexOf('```', index + 1)
      const until = close === -1 ? lastFence : close
      blocks.push({ type: 'code', text: lines.slice(index + 1, until).join('\n') })
      index = until
    } else if (line.startsWith('> ')) {
      if (plain.length > 0) flush()
      quoted.push(line.slice(2))
    } else {
      if (quoted.length > 0) flush()
      plain.push(line)
    }
  }
  flush()
  return blocks
}

/** A message as plain text without the signs of its Markdown, for lists, quotes and the clipboard. */
export function plainText(text: string, nameOf: (identity: string) => string): string {
  return parseMarkdown(text)
    .map((block) => (block.type === 'code' ? block.text : inlineText(block.inner, nameOf)))
    .join('\n')
}

/** The first link of a text, outside code and quotes. */
export function firstLink(text: string): string | undefined {
  const find = (pieces: readonly Inline[]): string | undefined => {
    for (const piece of pieces) {
      const href = piece.type === 'link' ? piece.href : 'inner' in piece ? find(piece.inner) : undefined
      if (href !== undefined) return href
    }
    return undefined
  }
  for (const block of parseMarkdown(text)) {
    const href = block.type === 'text' ? find(block.inner) : undefined
    if (href !== undefined) return href
  }
  return undefined
}

function inlineText(pieces: readonly Inline[], nameOf: (identity: string) => string): string {
  return pieces
    .map((piece) => {
      if (piece.type === 'mention') return `@${nameOf(piece.identity)}`
      return 'inner' in piece ? inlineText(piece.inner, nameOf) : piece.text
    })
    .join('')
}
