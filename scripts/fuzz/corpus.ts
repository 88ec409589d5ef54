import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { FUZZ } from './sources.ts'

const FOLDER = join(FUZZ, 'corpus')
const SUFFIX = '.hex'

/** The names of the targets: each has a corpus. */
export function targetNames(): string[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith(SUFFIX))
    .map((file) => file.slice(0, -SUFFIX.length))
    .sort()
}

/** The file of a target's corpus: an input a line in hexadecimal, after comments. */
export function corpusFile(target: string): string {
  return join(FOLDER, `${target}${SUFFIX}`)
}

function linesOf(target: string): { comments: string[]; inputs: string[] } {
  const lines = readFileSync(corpusFile(target), 'utf8').trimEnd().split('\n')
  return {
    comments: lines.filter((line) => line.startsWith('#')),
    inputs: lines.filter((line) => !line.startsWith('#')),
  }
}

/** Writes a corpus as files of a new folder, as libFuzzer wants it. */
export function unpackCorpus(target: string, folder: string): void {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const [index, hex] of linesOf(target).inputs.entries()) {
    writeFileSync(join(folder, String(index)), Buffer.from(hex, 'hex'))
  }
}

/** Replaces a target's inputs, but not its comments, with the files of a folder: the shortest first. Returns how many. */
export function packCorpus(target: string, folder: string): number {
  const inputs = readdirSync(folder).map((file) => readFileSync(join(folder, file)).toString('hex'))
  const ordered = [...new Set(inputs)].sort((a, b) => a.length - b.length || (a < b ? -1 : 1))
  writeFileSync(corpusFile(target), `${[...linesOf(target).comments, ...ordered].join('\n')}\n`)
  return ordered.length
}
