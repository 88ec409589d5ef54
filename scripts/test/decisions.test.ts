import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { fromRoot } from '../paths.ts'

const FOLDER = fromRoot('docs/adr')

test('decisions are numbered from 1 on without a gap or a double, and each file names its own number', () => {
  const files = readdirSync(FOLDER).sort()
  expect(files.map((file) => Number(file.slice(0, 4)))).toEqual(files.map((_, index) => index + 1))
  for (const [index, file] of files.entries()) {
    expect(readFileSync(`${FOLDER}/${file}`, 'utf8'), file).toMatch(new RegExp(`^# ${index + 1}\\. `))
  }
})

test('every page of docs/ is reached from the README or from another page', () => {
  const pages = readdirSync(fromRoot('docs')).filter((file) => file.endsWith('.md'))
  const texts = [
    readFileSync(fromRoot('README.md'), 'utf8'),
    ...pages.map((page) => readFileSync(fromRoot('docs', page), 'utf8')),
  ]
  const lost = pages.filter(
    (page) => !texts.some((text) => text.includes(`(docs/${page}`) || text.includes(`(${page}`)),
  )
  expect(lost).toEqual([])
})
