import { expect, test } from 'vitest'
import { findMissingDocblocks } from '../checks/docblocks.ts'
import { writeSourceTree } from './source-tree.ts'

function findingsIn(files: Readonly<Record<string, string>>): string[] {
  const sources = Object.entries(files).map(([path, text]) => [`packages/a/src/${path}`, text])
  const exports = { '.': './src/index.ts', './more': './src/more.ts' }
  const manifest = JSON.stringify({ exports })
  return findMissingDocblocks(
    writeSourceTree({
      'packages/a/package.json': manifest,
      'packages/a/src/more.ts': '',
      ...Object.fromEntries(sources),
    }),
  )
}

test.each([
  ['a function', 'export function a(): void {}'],
  ['a constant', 'export const a = 1'],
  ['a class', 'export class a {}'],
  ['an interface', 'export interface a {}'],
  ['a type', 'export type a = string'],
  ['a local binding', 'const a = 1\nexport { a }'],
  ['a default export', 'export default function a(): void {}'],
  ['an unnamed default export', 'export default function (): void {}'],
  ['a default export of a binding', 'const a = 1\nexport default a'],
])('%s without a docblock is found at its line', (_what, text) => {
  const [finding, ...others] = findingsIn({ 'index.ts': `// one\n${text}\n` })
  expect(finding).toMatch(/^packages\/a\/src\/index\.ts:2: the export (a|default) has no docblock$/)
  expect(others).toEqual([])
})

test('a docblock right before the declaration is enough', () => {
  expect(findingsIn({ 'index.ts': '/** Says a. */\nexport const a = 1\n' })).toEqual([])
  expect(findingsIn({ 'index.ts': '/**\n * `a`, quoted.\n */\nexport const a = 1\n' })).toEqual([])
})

test.each([
  ['an empty docblock', '/** */\nexport const a = 1'],
  ['a plain comment', '/* Says a. */\nexport const a = 1'],
  ['a docblock of something else', '/** Says b. */\nconst b = 1\nexport const a = b'],
])('%s is not one', (_what, text) => {
  expect(findingsIn({ 'index.ts': text })).toHaveLength(1)
})

test.each([
  ['by name', `export { a } from './deep/a.ts'`],
  ['renamed', `export { a as b } from './deep/a.ts'`],
  ['by star', `export * from './deep/a.ts'`],
  ['after an import', `import { a } from './deep/a.ts'\nexport { a }`],
])('a re-export %s is followed to its declaration', (_how, text) => {
  expect(findingsIn({ 'index.ts': text, 'deep/a.ts': '\nexport const a = 1' })).toEqual([
    'packages/a/src/deep/a.ts:2: the export a has no docblock',
  ])
  expect(findingsIn({ 'index.ts': text, 'deep/a.ts': '/** Says a. */\nexport const a = 1' })).toEqual([])
})

test('a name that comes out of a second star is followed too', () => {
  const files = {
    'index.ts': `export { a } from './b.ts'`,
    'b.ts': `export * from './c.ts'`,
    'c.ts': 'export const a = 1',
  }
  expect(findingsIn(files)).toEqual(['packages/a/src/c.ts:1: the export a has no docblock'])
})

test('every entry of a package is checked', () => {
  expect(findingsIn({ 'index.ts': '', 'more.ts': 'export const a = 1' })).toHaveLength(1)
})

test('what the entry does not export needs none', () => {
  expect(
    findingsIn({ 'index.ts': `/** Says a. */\nexport const a = 1`, 'b.ts': 'export const b = 1' }),
  ).toEqual([])
})

test('an inferred type shares the docblock of its schema', () => {
  const type = 'export type A = z.output<typeof aSchema>'
  expect(findingsIn({ 'index.ts': `/** Says a. */\nexport const aSchema = z.string()\n${type}` })).toEqual([])
  expect(findingsIn({ 'index.ts': `export const aSchema = z.string()\n${type}` })).toHaveLength(1)
})
