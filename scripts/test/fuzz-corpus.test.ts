import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { buildTarget } from '../compile/target.ts'
import { corpusFile, targetNames } from '../fuzz/corpus.ts'
import { replayProgram } from '../fuzz/replay-program.ts'
import { FUZZ, hasOpensslHeaders } from '../fuzz/sources.ts'
import { runProcess } from '../process.ts'

test('every fuzz target has a corpus, and every corpus a target', () => {
  const named = [...readFileSync(`${FUZZ}/targets.h`, 'utf8').matchAll(/\{"([\w-]+)", \w+\}/g)]
  expect(named.map(([, name]) => name).sort()).toEqual(targetNames())
})

describe.skipIf(!hasOpensslHeaders())("the native parsers (skipped without OpenSSL's headers)", () => {
  beforeAll(() => buildTarget(replayProgram), 300_000)

  test.each(targetNames())('%s holds on its corpus and all past findings', async (target) => {
    const inputs = readFileSync(corpusFile(target), 'utf8')
      .trimEnd()
      .split('\n')
      .filter((line) => !line.startsWith('#'))
    const { code, output } = await runProcess(replayProgram.result, [target, corpusFile(target)])
    expect({ code, end: output.trimEnd().split('\n').at(-1) }, output).toEqual({
      code: 0,
      end: `${inputs.length} inputs of ${target} replayed`,
    })
  })
})
