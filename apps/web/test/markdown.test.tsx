import fc from 'fast-check'
import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { describe, expect, test } from 'vitest'
import { type Inline, parseInline, parseMarkdown, plainText } from '../src/chat/markdown.ts'
import { RichText } from '../src/chat/rich-text.tsx'

const nameOf = (identity: string): string => (identity === 'ravi' ? 'Ravi' : identity)
const render = (text: string): string =>
  renderToStaticMarkup(createElement(RichText, { text, self: 'asha', nameOf }))
    // Looks are no matter here.
    .replaceAll(/ class="[^"]*"/g, '')

/** What is left of the text, whatever stands around it. */
const textOf = (pieces: readonly Inline[]): string =>
  pieces
    .map((piece) => ('inner' in piece ? textOf(piece.inner) : 'text' in piece ? piece.text : piece.identity))
    .join('')

describe('Markdown in messages', () => {
  test.each([
    ['plain', 'plain'],
    ['**bold** and *italic* and _under_', '<strong>bold</strong> and <em>italic</em> and <em>under</em>'],
    ['**bold _within_**', '<strong>bold <em>within</em></strong>'],
    ['~~gone~~ `code **kept**`', '<s>gone</s> <code>code **kept**</code>'],
    ['2 * 3 * 4 and snake_case_name', '2 * 3 * 4 and snake_case_name'],
    ['> said\n> twice\nanswer', '<blockquote>said\ntwice</blockquote>answer'],
    ['```js\nlet a = **1**\n```\nafter', '<pre><code>let a = **1**</code></pre>after'],
    ['```\nnever closed', '```\nnever closed'],
  ])('%j', (text, html) => {
    expect(render(text)).toBe(html)
  })

  test('addresses are links of http and https alone, without the sentence’s own signs', () => {
    expect(render('see https://example.org/a?b=1, please')).toBe(
      'see <a href="https://example.org/a?b=1" target="_blank" rel="noopener noreferrer nofollow">https://example.org/a?b=1</a>, please',
    )
    expect(render('javascript:alert(1) data:text/html,x')).toBe('javascript:alert(1) data:text/html,x')
  })

  test('mentions show names', () => {
    expect(render('hi <@ravi>')).toContain('>@Ravi</span>')
    expect(plainText('hi <@ravi> and <@eve>', nameOf)).toBe('hi @Ravi and @eve')
  })

  const piece = fc.oneof(
    fc.string({ maxLength: 6 }),
    fc.constantFrom(
      '**',
      '*',
      '_',
      '~~',
      '`',
      '```',
      '\n',
      '> ',
      '<@',
      '>',
      '<script>',
      'https://',
      '"',
      ' ',
    ),
    fc.constantFrom('<img src=x onerror=alert(1)>', 'javascript:', '&lt;', 'https://a"onclick=b', '<@ravi>'),
  )
  const texts = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(''))

  test('whatever is written: only the elements of the subset come out, and no attribute of the writer’s', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const rest = render(text)
          .replaceAll(/<\/?(strong|em|s|code|pre|blockquote|span data-testid="mention"|span|a)>/g, '')
          .replaceAll(/<a href="https?:\/\/[^"<>]*" target="_blank" rel="noopener noreferrer nofollow">/g, '')
        expect(rest).not.toMatch(/[<>]/)
      }),
      { numRuns: 2000 },
    )
  })

  test('no word is lost', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const words = (all: string): string => all.replaceAll(/[^\p{L}\p{N}]/gu, '')
        expect(words(textOf(parseInline(text)))).toBe(words(text))
      }),
    )
  })

  test('the longest messages of nothing but signs are read without delay: each sign a bounded number of times', () => {
    for (const sign of ['*', '**a', '_a ', '~~', '`', '<@a', '> ', 'https://', '*a _b ', '```\n']) {
      const text = sign.repeat(Math.ceil(16_384 / sign.length))
      expect(parseMarkdown(text).length).toBeGreaterThan(0)
    }
  })
})
