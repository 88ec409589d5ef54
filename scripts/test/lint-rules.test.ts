import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { fromRoot } from '../paths.ts'
import { runProcess } from '../process.ts'
import { writeSourceTree } from './source-tree.ts'

/** What Biome, with this project's configuration, says of these files. */
async function lint(files: Readonly<Record<string, string>>): Promise<{ code: number; output: string }> {
  const root = writeSourceTree(files)
  copyFileSync(fromRoot('biome.json'), join(root, 'biome.json'))
  const args = ['lint', '--vcs-enabled=false', '--error-on-warnings', '--colors=off', root]
  return runProcess(fromRoot('node_modules/.bin/biome'), args, { cwd: root })
}

test.each([
  ['suspicious/noExplicitAny', 'export const f = (a: any): unknown => a\n'],
  ['suspicious/noTemplateCurlyInString', `export const a = '\${b}'\n`],
  ['suspicious/noConsole', `console.log('a')\n`],
  ['correctness/noUnusedVariables', 'const a = 1\n'],
  ['nursery/noFloatingPromises', 'export function f(): void {\n  Promise.resolve(1)\n}\n'],
])('%s is an error', async (rule, text) => {
  const { code, output } = await lint({ 'src/a.ts': text })
  expect(output).toContain(`lint/${rule}`)
  expect(code).not.toBe(0)
})

test('a cycle of imports is an error', async () => {
  const { code, output } = await lint({
    'src/a.ts': `import { b } from './b.ts'\nexport const a = (): number => b()\n`,
    'src/b.ts': `import { a } from './a.ts'\nexport const b = (): number => a()\n`,
  })
  expect(output).toContain('lint/suspicious/noImportCycles')
  expect(code).not.toBe(0)
})

test('clean code passes', async () => {
  expect((await lint({ 'src/a.ts': 'export const a = 1\n' })).code).toBe(0)
})
