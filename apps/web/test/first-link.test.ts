import { expect, test } from 'vitest'
import { firstLink } from '../src/chat/markdown.ts'

test.each([
  ['see https://example.com/a, or not', 'https://example.com/a'],
  ['**bold https://example.com/b**', 'https://example.com/b'],
  ['`https://example.com/code` and https://example.com/c', 'https://example.com/c'],
  ['> https://example.com/quoted\nnothing', undefined],
  ['```\nhttps://example.com/code\n```', undefined],
  ['javascript:alert(1) ftp://example.com', undefined],
])('firstLink(%j) is %j', (text, link) => {
  expect(firstLink(text)).toBe(link)
})
