import { describe, expect, test } from 'vitest'
import { findBoundaryViolations } from '../checks/boundaries.ts'
import { MAY_IMPORT, mayImport, zoneOf } from '../checks/import-rule.ts'
import { writeSourceTree } from './source-tree.ts'

/** A house in which `file` holds `text`, and whose packages declare every dependency that the tests use. */
function violationsOf(file: string, text: string): string[] {
  const home = file.split('/').slice(0, 2).join('/')
  const names = ['rtp', 'ortc', 'sfu', 'protocol', 'server', 'client', 'react', 'testkit']
  const dependencies = Object.fromEntries([...names.map((name) => [`@sangam/${name}`, '1']), ['zod', '1']])
  const root = writeSourceTree({ [file]: text, [`${home}/package.json`]: JSON.stringify({ dependencies }) })
  return findBoundaryViolations(root)
}

describe('the import rule', () => {
  test.each([
    ['packages/rtp/src/a.ts', '@sangam/ortc'],
    ['packages/protocol/src/a.ts', '@sangam/client'],
    ['packages/client/src/a.ts', '@sangam/react'],
    ['packages/react/src/a.ts', '@sangam/protocol'],
    ['packages/server/src/rooms/a.ts', '@sangam/sfu'],
    ['packages/server/src/a.ts', '@sangam/client'],
    ['packages/sfu/src/api/a.ts', '@sangam/rtp'],
    ['packages/sfu/src/api/a.ts', '../worker/b.ts'],
    ['packages/sfu/src/worker/a.ts', '../api/b.ts'],
    ['packages/sfu/src/channel/a.ts', '../worker/b.ts'],
    ['packages/sfu/src/worker/a.ts', '@sangam/server'],
    ['packages/server/src/a.ts', '@sangam/testkit'],
    ['packages/server/src/media/a.ts', '@sangam/sfu/packet-port'],
    ['apps/web/src/a.ts', '@sangam/sfu'],
    ['apps/cli/src/a.ts', '@sangam/protocol'],
    ['packages/server/src/a.ts', '../../protocol/src/b.ts'],
    ['packages/server/src/a.ts', '../test/b.ts'],
    ['packages/rtp/src/a.ts', 'node:fs'],
    ['packages/client/src/a.ts', 'crypto'],
    ['packages/server/src/a.ts', 'left-pad'],
  ])('%s must not import %s', (file, specifier) => {
    const findings = violationsOf(file, `// first line\nimport { b } from '${specifier}'\n`)
    expect(findings).toHaveLength(1)
    expect(findings[0]).toMatch(new RegExp(`^${file}:2: imports '${specifier}': `))
  })

  test.each([
    ['packages/server/src/media/a.ts', '@sangam/sfu'],
    ['packages/server/src/a.ts', './media/b.ts'],
    ['packages/server/src/a.ts', '@sangam/protocol'],
    ['packages/server/src/a.ts', 'zod/mini'],
    ['packages/server/src/a.ts', 'node:fs'],
    ['packages/sfu/src/api/a.ts', '../channel/b.ts'],
    ['packages/sfu/src/worker/a.ts', '@sangam/rtp'],
    ['packages/sfu/src/index.ts', './api/b.ts'],
    ['packages/react/src/a.tsx', '@sangam/client'],
    ['apps/web/src/a.tsx', '@sangam/react'],
    ['apps/cli/src/a.ts', '../package.json'],
    ['packages/server/test/a.ts', '@sangam/sfu'],
    ['packages/testkit/src/a.ts', '@sangam/sfu/packet-port'],
  ])('%s may import %s', (file, specifier) => {
    expect(violationsOf(file, `import { b } from '${specifier}'\n`)).toEqual([])
  })

  test.each([
    ['a type import', `import type { B } from '@sangam/server'`],
    ['a type in place', `export type B = import('@sangam/server').B`],
    ['a re-export', `export { b, c } from '@sangam/server'`],
    ['a star re-export', `export * from '@sangam/server'`],
    ['a bare import', `import '@sangam/server'`],
    ['a dynamic import', `export const b = await import('@sangam/server')`],
  ])('sees %s', (_form, text) => {
    expect(violationsOf('packages/client/src/a.ts', text)).toHaveLength(1)
  })

  test('has no cycle between packages', () => {
    const reach = (zone: string, seen: readonly string[]): string[] =>
      (MAY_IMPORT[zone] ?? []).flatMap((next) => {
        // server/media and server are one package; inside it only the direction of the engine is ruled.
        const cycle = seen.includes(next) && !(zone === 'server/media' && next === 'server')
        return cycle ? [[...seen, next].join(' → ')] : reach(next, [...seen, next])
      })
    expect(Object.keys(MAY_IMPORT).flatMap((zone) => reach(zone, [zone]))).toEqual([])
  })

  test('tests, benchmarks and scripts stand outside', () => {
    expect(zoneOf('test/rooms.test.ts')).toBeUndefined()
    expect(zoneOf('bench/forward.bench.ts')).toBeUndefined()
    expect(zoneOf('packages/sfu/test/native/dtls.test.ts')).toBeUndefined()
    expect(mayImport('rtp', 'rtp')).toBe(true)
  })
})
