import { expect, test } from 'vitest'
import { findLooseDependencies } from '../checks/dependencies.ts'
import { writeSourceTree } from './source-tree.ts'

function findingsFor(root: Record<string, string>, workspace: Record<string, string>): string[] {
  return findLooseDependencies(
    writeSourceTree({
      'package.json': JSON.stringify({ devDependencies: root }),
      'packages/a/package.json': JSON.stringify({ dependencies: workspace }),
      'docs/dependencies.md': '| package | reason |\n| --- | --- |\n| `zod` | schemas |\n',
    }),
  )
}

test('pinned and documented dependencies pass', () => {
  expect(findingsFor({ zod: '4.6.7' }, { zod: '4.6.7', '@sangam/rtp': '0.1.0' })).toEqual([])
})

test.each([
  ['a range', {}, { zod: '^4.6.7' }, 'packages/a/package.json: zod: ^4.6.7 is not one exact version'],
  [
    'a second version',
    { zod: '4.6.6' },
    { zod: '4.6.7' },
    'packages/a/package.json: zod: 4.6.7 differs from 4.6.6 in another package.json',
  ],
  ['a missing row', { joi: '1.0.0' }, {}, 'package.json: joi: has no row in docs/dependencies.md'],
])('%s is found', (_what, root, workspace, finding) => {
  expect(findingsFor(root, workspace)).toEqual([finding])
})
