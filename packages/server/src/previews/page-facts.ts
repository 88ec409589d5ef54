import { limits } from '@sangam/protocol'
import { Parser } from 'htmlparser2'

/** What a page says of itself. */
export type PageFacts = { readonly title: string; readonly description?: string }

/** By which names a fact is known, the best first (Open Graph protocol, HTML standard 4.2.5). */
const titleNames = ['og:title', 'twitter:title']
const descriptionNames = ['og:description', 'description', 'twitter:description']

/** Reads title and description out of the head of an HTML page; undefined where it says no title. Pure; throws nothing. */
export const pageFacts = (html: string): PageFacts | undefined => {
  const named = new Map<string, string>()
  let title = ''
  let inTitle = false
  let isOver = false
  const parser = new Parser({
    onopentag: (tag, { property, name, content }) => {
      if (tag === 'body') isOver = true
      if (isOver) return
      inTitle = tag === 'title' && title === ''
      const key = (property ?? name ?? '').toLowerCase()
      if (tag === 'meta' && content !== undefined && !named.has(key)) named.set(key, content)
    },
    ontext: (text) => {
      if (inTitle && !isOver && title.length < mostRead) title += text
    },
    onclosetag: () => {
      inTitle = false
    },
  })
  parser.write(html)
  parser.end()
  const first = (names: readonly string[]): string =>
    names.map((name) => line(named.get(name) ?? '')).find((text) => text !== '') ?? ''
  const shownTitle = cut(first(titleNames) || line(title), limits.previewTitleLength)
  if (shownTitle === '') return undefined
  const description = cut(first(descriptionNames), limits.previewDescriptionLength)
  return { title: shownTitle, ...(description === '' ? {} : { description }) }
}

const mostRead = 10_000

/** One line without control characters, and without those that turn the direction of what follows (Unicode bidi controls). */
const line = (text: string): string =>
  text
    .slice(0, mostRead)
    .replaceAll(/[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g, '')
    .replaceAll(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .toWellFormed()

/** At most so many UTF-16 code units, no half of a character. */
const cut = (text: string, length: number): string => {
  if (text.length <= length) return text
  const end = /[\ud800-\udbff]/.test(text.charAt(length - 2)) ? length - 2 : length - 1
  return `${text.slice(0, end).trimEnd()}…`
}
