import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { BuildTarget } from '../compile/target.ts'
import { fromRoot } from '../paths.ts'
import { runProcess } from '../process.ts'
import { compilerFlags, FUZZ, fuzzedSources, LIBRARIES } from './sources.ts'

/** The program that replays the corpora under the address and undefined-behaviour sanitizers. */
export const replayProgram: BuildTarget = {
  name: 'fuzz replay',
  result: fromRoot('build/fuzz/replay'),
  stampFile: fromRoot('build/fuzz/replay.fingerprint'),
  inputs: [fromRoot('packages/sfu/native'), FUZZ],
  salt: process.version,
  build: (onOutput) => {
    mkdirSync(fromRoot('build/fuzz'), { recursive: true })
    const output = ['-o', fromRoot('build/fuzz/replay')]
    const args = [
      ...compilerFlags('address,undefined'),
      ...fuzzedSources(),
      join(FUZZ, 'replay_main.cc'),
      ...LIBRARIES,
    ]
    return runProcess('g++', [...args, ...output], { onOutput })
  },
}
